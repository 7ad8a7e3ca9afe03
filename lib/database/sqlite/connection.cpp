#include "database/sqlite/connection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "database/sqlite/backend.hpp"
#include "database/sqlite/statement.hpp"

namespace bench {

namespace {

constexpr std::chrono::milliseconds ordinary_busy_timeout{10'000};
// Often enough that Ctrl-C ends a statement within milliseconds, rarely enough to cost nothing.
constexpr int instructions_between_progress_calls = 20'000;
// A page and a list need a handful each.
constexpr std::size_t most_kept_statements = 64;
constexpr std::size_t longest_kept_statement = 4'096;

// SQLite counts its memory under one lock for all threads, and nobody asks for the number.
void stop_counting_memory() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(done);
}

/// Whatever becomes of it, a statement that is kept must not hold its read open.
class Reset {
 public:
  explicit Reset(SqliteStatement& statement) : m_statement(statement) {}
  ~Reset() { m_statement.reset(); }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  SqliteStatement& m_statement;
};

}  // namespace

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, const ConnectOptions& options)
    : m_file(file),
      m_cancelled(options.cancelled),
      m_busy_timeout(ordinary_busy_timeout),
      m_keeps_statements(options.access == Access::read_only) {
  stop_counting_memory();
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nullptr);
  m_connection.reset(connection);
  if (code != SQLITE_OK)
    throw sqlite_error(connection, code, {})
        .with_context(file.string())
        .with_kind(Kind::database)
        .with_hint("put the file back, or restore a backup of the site");
  sqlite3_busy_handler(handle(), on_busy, this);
  if (m_cancelled) sqlite3_progress_handler(handle(), instructions_between_progress_calls, on_progress, this);
  try {
    if (options.access == Access::read_only) execute("PRAGMA query_only = ON");
    query("SELECT 1 FROM sqlite_schema LIMIT 1");
  } catch (const Error& error) {
    throw error.with_context(file.string())
        .with_kind(error.kind() == Kind::busy ? Kind::busy : Kind::database);
  }
}

SqliteDatabase::~SqliteDatabase() = default;

int SqliteDatabase::on_busy(void* self, int tries) {
  auto* database = static_cast<SqliteDatabase*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (tries == 0) database->m_deadline = now + database->m_busy_timeout;
  if (now >= database->m_deadline || (database->m_cancelled && database->m_cancelled())) return 0;
  database->note_wait();
  // Short sleeps at first: after its own commit bench must be ahead of writers that poll.
  std::this_thread::sleep_for(std::chrono::microseconds(std::min(200 * (tries + 1), 5'000)));
  return 1;
}

// SQLite, which called, is C: nothing may be thrown through it.
void SqliteDatabase::note_wait() noexcept try {
  if (m_wait_notes)
    m_wait_notes->still_waiting([this] {
      const auto writers = sqlite_writers(m_file);
      return fmt::format("waiting for {}",
                         writers.empty() ? "a writer" : fmt::to_string(fmt::join(writers, ", ")));
    });
} catch (const std::exception&) {
  // A terminal that is gone ends no wait.
}

int SqliteDatabase::on_progress(void* self) {
  return static_cast<SqliteDatabase*>(self)->m_cancelled() ? 1 : 0;
}

const Features& SqliteDatabase::features() const {
  return sqlite_backend().features;
}

std::string SqliteDatabase::server_version() {
  return fmt::format("SQLite {}", sqlite3_libversion());
}

void SqliteDatabase::execute(std::string_view statement, std::span<const Value> parameters) {
  std::optional<SqliteStatement> once;
  SqliteStatement& prepared = prepare(statement, once);
  if (!prepared) return;
  const Reset reset(prepared);
  prepared.bind(parameters);
  while (prepared.step()) {
  }
}

void SqliteDatabase::read(std::string_view statement, std::span<const Value> parameters,
                          const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered) {
  std::optional<SqliteStatement> once;
  SqliteStatement& prepared = prepare(statement, once);
  const Reset reset(prepared);
  prepared.bind(parameters);
  bool has_row = prepared.step();
  // Only now: where the schema has changed, the first step prepares the statement anew.
  const int columns = prepared.columns();
  if (answered != nullptr)
    for (int column = 0; column < columns; ++column)
      answered->push_back({sqlite3_column_name(prepared.handle(), column)});
  std::vector<ValueView> views(static_cast<std::size_t>(columns));
  for (; has_row; has_row = prepared.step()) {
    for (int column = 0; column < columns; ++column)
      views[static_cast<std::size_t>(column)] = prepared.value(column);
    see(views);
  }
}

// Connections that only read serve the same few pages and lists again and again. What changes a schema
// prepares each statement once.
SqliteStatement& SqliteDatabase::prepare(std::string_view sql, std::optional<SqliteStatement>& once) {
  if (!m_keeps_statements || sql.size() > longest_kept_statement) return once.emplace(handle(), sql);
  const auto known = m_statements.find(sql);
  if (known != m_statements.end()) return known->second;
  if (m_statements.size() == most_kept_statements) m_statements.clear();
  return m_statements.emplace(std::string(sql), SqliteStatement(handle(), sql)).first->second;
}

bool SqliteDatabase::has_table(std::string_view table) {
  // The catalogue has no index. What SQLite keeps of it in memory answers at once, and any statement renews
  // it.
  query("SELECT 1 FROM sqlite_schema LIMIT 1");
  const std::string name(table);
  return sqlite3_table_column_metadata(handle(), "main", name.c_str(), nullptr, nullptr, nullptr, nullptr,
                                       nullptr, nullptr) == SQLITE_OK;
}

std::vector<std::string> SqliteDatabase::tables() {
  std::vector<std::string> names;
  for (const Row& row : query("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                              "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"))
    names.push_back(to_text(row[0]));
  return names;
}

std::vector<Column> SqliteDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  // The key of a table with row numbers is one of them: given when it is left out.
  return columns_of(
      query("SELECT c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, c.dflt_value IS NOT NULL OR "
            "(upper(c.type) = 'INTEGER' AND "
            "c.pk = 1 AND (SELECT max(pk) FROM pragma_table_xinfo(l.name)) = 1), c.hidden, c.pk, "
            "c.dflt_value FROM "
            "pragma_table_list l, "
            "pragma_table_xinfo(l.name) c WHERE l.schema = 'main' AND l.type = 'table' AND l.name = ? AND "
            "c.hidden <> 1 ORDER BY "
            "c.cid",
            parameters));
}

bool SqliteDatabase::in_transaction() {
  return sqlite3_get_autocommit(handle()) == 0;
}

std::int64_t SqliteDatabase::data_version() {
  return to_integer(query("PRAGMA data_version").at(0).at(0));
}

void SqliteDatabase::hold_write_lock(std::chrono::milliseconds timeout, Progress* progress) {
  // Inside a transaction this pragma does nothing, so it comes first.
  execute("PRAGMA foreign_keys = OFF");
  // A checkpoint at the run's commit would hold the fence open for as long as it takes; closing the
  // connection does it.
  sqlite3_wal_autocheckpoint(handle(), 0);
  m_busy_timeout = timeout;
  m_wait_notes.emplace(progress);
  try {
    execute("BEGIN IMMEDIATE");
    m_wait_notes.reset();
  } catch (const Error& error) {
    m_wait_notes.reset();
    m_busy_timeout = ordinary_busy_timeout;
    if (m_cancelled && m_cancelled()) throw Error(Kind::interrupted, "interrupted while waiting for writers");
    if (error.kind() != Kind::busy) throw;
    const auto writers = sqlite_writers(m_file);
    throw Error(Kind::busy,
                fmt::format("{}: a writer did not finish within {} s{}", m_file.string(),
                            static_cast<double>(timeout.count()) / 1000.0,
                            writers.empty() ? "" : fmt::format(": {}", fmt::join(writers, ", "))),
                "end it, or try again with a longer --drain-timeout");
  }
  m_busy_timeout = ordinary_busy_timeout;
  m_holding = true;
}

void SqliteDatabase::release_write_lock() {
  m_holding = false;
  if (in_transaction()) execute("ROLLBACK");
}

void SqliteDatabase::hold_write_lock_again() {
  m_holding = true;
  end_and_hold_again("");
}

void SqliteDatabase::begin() {
  if (!m_holding) return execute("BEGIN");
  m_old_violations = foreign_key_violations();
}

void SqliteDatabase::commit() {
  if (!m_holding) return execute("COMMIT");
  check_foreign_keys();
  end_and_hold_again("COMMIT");
}

void SqliteDatabase::rollback() {
  if (!m_holding) return in_transaction() ? execute("ROLLBACK") : void();
  // A full disk makes SQLite roll back by itself; then the lock is gone already.
  end_and_hold_again(in_transaction() ? "ROLLBACK" : "");
}

void SqliteDatabase::end_and_hold_again(std::string_view end) {
  const std::int64_t before = data_version();
  if (!end.empty()) execute(end);
  try {
    execute("BEGIN IMMEDIATE");
    if (data_version() != before) m_slipped_in = true;
  } catch (const Error&) {
    // What had to be ended is ended. A writer that was quicker and does not let go is reported, not an error.
    m_slipped_in = true;
  }
}

std::vector<std::string> SqliteDatabase::foreign_key_violations() {
  std::vector<std::string> violations;
  for (const Row& row : query("PRAGMA foreign_key_check"))
    violations.push_back(fmt::format("{} row {} points to a missing row of {}", to_text(row[0]),
                                     is_null(row[1]) ? "?" : to_text(row[1]), to_text(row[2])));
  std::sort(violations.begin(), violations.end());
  return violations;
}

void SqliteDatabase::check_foreign_keys() {
  const auto now = foreign_key_violations();
  std::vector<std::string> added;
  std::set_difference(now.begin(), now.end(), m_old_violations.begin(), m_old_violations.end(),
                      std::back_inserter(added));
  if (added.empty()) return;
  throw Error(Kind::statement,
              fmt::format("the patches leave {} foreign keys broken that were not: {}{}", added.size(),
                          fmt::join(added.begin(),
                                    added.begin() + std::min<std::ptrdiff_t>(std::ssize(added), 3), "; "),
                          added.size() > 3 ? "; ..." : ""),
              "mend the patch so that every row keeps its parent");
}

}  // namespace bench
