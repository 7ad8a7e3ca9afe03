#include "migration/journal.hpp"

#include "base/digest.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

constexpr std::string_view table = "__bench_journal";

std::int64_t number(std::size_t position) {
  return static_cast<std::int64_t>(position);
}

void execute(Database& database, std::string_view statement, const std::vector<Value>& parameters) {
  database.execute(statement, parameters);
}

}  // namespace

std::string hash_of(const Statement& statement) {
  return sha256(statement.text);
}

Journal::Journal(Database& database, std::string operation)
    : m_database(database), m_operation(std::move(operation)), m_exists(database.has_table(table)) {}

Journal::Entries Journal::read(const Patch& patch) {
  Entries entries;
  const std::vector<Value> key{patch.log_key};
  for (const Row& row : m_database.query(
           "SELECT position, statement_hash, object_before, finished_at FROM __bench_journal WHERE patch = ?",
           key))
    entries[static_cast<std::size_t>(to_integer(row[0]))] = {
        .statement_hash = to_text(row[1]),
        .object_before = is_null(row[2]) ? std::nullopt : std::optional(to_text(row[2])),
        .finished = !is_null(row[3])};
  return entries;
}

std::optional<std::string> Journal::begin(const Patch& patch, std::size_t position,
                                          const Statement& statement) {
  auto before = m_database.definition_of(statement.text);
  Transaction transaction(m_database);
  take_back(patch, position);
  execute(m_database,
          "INSERT INTO __bench_journal (patch, position, operation, statement_hash, object_before, began_at) "
          "VALUES (?, ?, ?, ?, ?, ?)",
          {patch.log_key, number(position), m_operation, hash_of(statement),
           before ? Value(*before) : Value(std::monostate{}), to_database_time(Clock::now())});
  transaction.commit();
  return before;
}

void Journal::finish(const Patch& patch, std::size_t position) {
  Transaction transaction(m_database);
  execute(m_database, "UPDATE __bench_journal SET finished_at = ? WHERE patch = ? AND position = ?",
          {to_database_time(Clock::now()), patch.log_key, number(position)});
  transaction.commit();
}

void Journal::note_finished(const Patch& patch, std::size_t position, const Statement& statement) {
  const std::string now = to_database_time(Clock::now());
  execute(m_database,
          "INSERT INTO __bench_journal (patch, position, operation, statement_hash, began_at, finished_at) "
          "VALUES "
          "(?, ?, ?, ?, ?, ?)",
          {patch.log_key, number(position), m_operation, hash_of(statement), now, now});
}

void Journal::take_back(const Patch& patch, std::size_t position) {
  execute(m_database, "DELETE FROM __bench_journal WHERE patch = ? AND position = ?",
          {patch.log_key, number(position)});
}

void Journal::forget(const Patch& patch) {
  execute(m_database, "DELETE FROM __bench_journal WHERE patch = ?", {patch.log_key});
}

std::optional<InDoubt> statement_in_doubt(Database& database) {
  if (!database.has_table(table)) return std::nullopt;
  const auto rows = database.query("SELECT patch, position FROM __bench_journal WHERE finished_at IS NULL");
  if (rows.empty()) return std::nullopt;
  return InDoubt{.patch = to_text(rows[0][0]), .position = static_cast<std::size_t>(to_integer(rows[0][1]))};
}

void mark_finished(Database& database, const InDoubt& statement) {
  execute(database, "UPDATE __bench_journal SET finished_at = ? WHERE patch = ? AND position = ?",
          {to_database_time(Clock::now()), statement.patch, number(statement.position)});
}

void take_back(Database& database, const InDoubt& statement) {
  execute(database, "DELETE FROM __bench_journal WHERE patch = ? AND position = ?",
          {statement.patch, number(statement.position)});
}

bool journal_speaks_of(Database& database, const std::string& operation) {
  const std::vector<Value> id{operation};
  return database.has_table(table) &&
         !database.query("SELECT 1 FROM __bench_journal WHERE operation = ? LIMIT 1", id).empty();
}

}  // namespace bench
