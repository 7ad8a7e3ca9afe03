#include "migration/journal.hpp"

#include "base/digest.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

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
    : m_database(database),
      m_operation(std::move(operation)),
      m_exists(database.has_table("__bench_journal")) {}

Journal::Entries Journal::read(const std::string& patch) {
  Entries entries;
  if (!m_exists) return entries;
  const std::vector<Value> key{patch};
  for (const Row& row : m_database.query(
           "SELECT position, statement_hash, object_before, finished_at FROM __bench_journal WHERE patch = ?",
           key))
    entries[static_cast<std::size_t>(to_integer(row[0]))] = {
        .statement_hash = to_text(row[1]),
        .object_before = is_null(row[2]) ? std::nullopt : std::optional(to_text(row[2])),
        .finished = !is_null(row[3])};
  return entries;
}

std::optional<std::string> Journal::begin(const std::string& patch, std::size_t position,
                                          const Statement& statement) {
  auto before = m_database.definition_of(statement.text);
  Transaction transaction(m_database);
  take_back(patch, position);
  execute(m_database,
          "INSERT INTO __bench_journal (patch, position, operation, statement_hash, object_before, began_at) "
          "VALUES (?, ?, ?, ?, ?, ?)",
          {patch, number(position), m_operation, hash_of(statement),
           before ? Value(*before) : Value(std::monostate{}), to_database_time(Clock::now())});
  transaction.commit();
  return before;
}

void Journal::finish(const std::string& patch, std::size_t position) {
  Transaction transaction(m_database);
  execute(m_database, "UPDATE __bench_journal SET finished_at = ? WHERE patch = ? AND position = ?",
          {to_database_time(Clock::now()), patch, number(position)});
  transaction.commit();
}

void Journal::note_finished(const std::string& patch, std::size_t position, const Statement& statement) {
  const std::string now = to_database_time(Clock::now());
  execute(m_database,
          "INSERT INTO __bench_journal (patch, position, operation, statement_hash, began_at, finished_at) "
          "VALUES "
          "(?, ?, ?, ?, ?, ?)",
          {patch, number(position), m_operation, hash_of(statement), now, now});
}

// The hash of no statement.
void Journal::note_refused(const std::string& patch, std::size_t position) {
  Transaction transaction(m_database);
  execute(m_database, "UPDATE __bench_journal SET statement_hash = '' WHERE patch = ? AND position = ?",
          {patch, number(position)});
  transaction.commit();
}

void Journal::take_back(const std::string& patch, std::size_t position) {
  execute(m_database, "DELETE FROM __bench_journal WHERE patch = ? AND position = ?",
          {patch, number(position)});
}

void Journal::forget(const std::string& patch) {
  execute(m_database, "DELETE FROM __bench_journal WHERE patch = ?", {patch});
}

std::optional<Journal::InDoubt> Journal::in_doubt() {
  if (!m_exists) return std::nullopt;
  const auto rows = m_database.query(
      "SELECT patch, position FROM __bench_journal WHERE finished_at IS NULL AND statement_hash <> ''");
  if (rows.empty()) return std::nullopt;
  return InDoubt{.patch = to_text(rows[0][0]), .position = static_cast<std::size_t>(to_integer(rows[0][1]))};
}

std::vector<Journal::Stopped> Journal::stopped() {
  std::map<std::string, Stopped> by_patch;
  if (!m_exists) return {};
  for (const Row& row :
       m_database.query("SELECT patch, position, operation, finished_at FROM __bench_journal "
                        "WHERE finished_at IS NOT NULL ORDER BY patch, position"))
    by_patch[to_text(row[0])] = {.patch = to_text(row[0]),
                                 .finished = static_cast<std::size_t>(to_integer(row[1])) + 1,
                                 .operation = to_text(row[2]),
                                 .finished_at = to_text(row[3])};
  std::vector<Stopped> all;
  for (auto& [patch, stopped] : by_patch) all.push_back(std::move(stopped));
  return all;
}

bool Journal::speaks_of(const std::string& operation) {
  const std::vector<Value> id{operation};
  return m_exists &&
         !m_database.query("SELECT 1 FROM __bench_journal WHERE operation = ? LIMIT 1", id).empty();
}

}  // namespace bench
