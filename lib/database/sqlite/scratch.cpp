#include "database/sqlite/scratch.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "database/fence.hpp"
#include "database/foreign_dump.hpp"
#include "database/splitter.hpp"
#include "database/sqlite/exporter.hpp"
#include "database/sqlite/statement.hpp"

namespace bench {

namespace {

constexpr int swap_attempts = 10;

// A dump comes from outside: it must not reach files other than the scratch database.
int refuse_other_files(void*, int action, const char*, const char*, const char*, const char*) {
  return action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

class Backup {
 public:
  Backup(SqliteDatabase& target, SqliteDatabase& source)
      : m_target(target.handle()),
        m_backup(sqlite3_backup_init(target.handle(), "main", source.handle(), "main")) {
    if (m_backup == nullptr) throw sqlite_error(m_target, sqlite3_extended_errcode(m_target), "backup");
  }
  ~Backup() {
    if (m_backup != nullptr) sqlite3_backup_finish(m_backup);
  }
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;
  void copy(int pages) {
    const int code = sqlite3_backup_step(m_backup, pages);
    if (code != SQLITE_OK && code != SQLITE_DONE) throw sqlite_error(nullptr, code, "backup");
  }
  void finish() {
    const int code = sqlite3_backup_finish(std::exchange(m_backup, nullptr));
    if (code != SQLITE_OK) throw sqlite_error(m_target, code, "backup");
  }

 private:
  sqlite3* m_target;
  sqlite3_backup* m_backup;
};

// Not every command that comes here has the option that a fence's hint names.
void take_write_lock(SqliteDatabase& run, Progress* progress) {
  try {
    run.hold_write_lock(FenceOptions().drain_timeout, progress);
  } catch (const Error& error) {
    throw error.kind() == Kind::busy ? error.with_hint("end it, and try again") : error;
  }
}

}  // namespace

void create_sqlite_file(const std::filesystem::path& file) {
  try {
    const FileDescriptor created = open_file(file, O_RDWR | O_CREAT | O_EXCL, 0600);
    give_to_owner(created.get());
  } catch (const Error& error) {
    throw error.with_kind(Kind::database);
  }
}

SqliteScratch::SqliteScratch(const std::filesystem::path& live_file, const ConnectOptions& options,
                             const std::filesystem::path& file)
    : m_live_file(live_file), m_file(file), m_options(options) {
  create_sqlite_file(m_file);
  m_database = std::make_unique<SqliteDatabase>(m_file, m_options);
  // A live file that cannot be read is about to be replaced as a whole: then any page size will do.
  try {
    SqliteDatabase live(live_file, {Access::read_only, {}});
    m_database->execute(
        fmt::format("PRAGMA page_size = {}", to_text(live.query("PRAGMA page_size").at(0).at(0))));
  } catch (const Error& error) {
    if (error.kind() != Kind::database) throw;
  }
  // Nobody needs this file after a crash, so it pays for no durability.
  m_database->query("PRAGMA journal_mode = OFF");
  m_database->execute("PRAGMA synchronous = OFF");
}

SqliteScratch::~SqliteScratch() {
  m_database.reset();
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;
    std::filesystem::remove(m_file.string() + suffix, ignored);
  }
}

std::vector<LeftOut> SqliteScratch::load(const ByteSource& source,
                                         const std::function<void(std::uint64_t)>& advance,
                                         Extent /*extent*/) {
  StatementSplitter splitter(Dialect::sqlite);
  std::vector<char> buffer(262'144);
  std::uint64_t total = 0;
  sqlite3_set_authorizer(m_database->handle(), refuse_other_files, nullptr);
  const auto run_statements = [&] {
    while (const auto statement = splitter.next()) {
      try {
        m_database->execute(statement->text);
      } catch (const Error& error) {
        if (error.kind() != Kind::statement) throw;
        throw error.with_context(fmt::format("line {} of the dump", statement->line))
            .with_kind(Kind::bad_backup);
      }
    }
  };
  try {
    while (const std::size_t size = source(buffer)) {
      const std::string_view piece(buffer.data(), size);
      if (total == 0) refuse_foreign_dump(piece.substr(0, 4096), Dialect::sqlite);
      total += size;
      splitter.feed(piece);
      run_statements();
      if (advance) advance(total);
    }
    splitter.finish();
    run_statements();
  } catch (const Error& error) {
    throw error.kind() == Kind::configuration ? error.with_kind(Kind::bad_backup) : error;
  }
  sqlite3_set_authorizer(m_database->handle(), nullptr, nullptr);
  if (m_database->in_transaction())
    throw Error(Kind::bad_backup, "the dump ends inside a transaction: it was cut off");
  // A definition may name what is not there.
  return {};
}

void SqliteScratch::check() {
  const auto findings = m_database->query("PRAGMA integrity_check(10)");
  const std::string first = findings.empty() ? "no answer" : to_text(findings[0][0]);
  if (first != "ok")
    throw Error(Kind::bad_backup, fmt::format("the restored database is not sound: {}", first));
}

ContentSummary SqliteScratch::summarize() {
  return SqliteExporter(m_file, m_options).write([](std::string_view) {}, {}, {});
}

void SqliteScratch::swap_in(Database& run_connection, const std::function<void()>& keep, Progress* progress) {
  auto& run = dynamic_cast<SqliteDatabase&>(run_connection);
  // The process that entered the window may be gone, and its lock with it.
  if (!run.holds_write_lock()) take_write_lock(run, progress);
  SqliteDatabase watcher(run.file(), {Access::read_only, {}});
  for (int attempt = 0; attempt < swap_attempts; ++attempt) {
    const std::int64_t version = watcher.data_version();
    keep();
    if (copy_unless_changed_since(version, run, watcher)) return;
  }
  throw Error(
      Kind::busy,
      fmt::format("{}: somebody keeps writing although the site is in maintenance", run.file().string()),
      "stop the site's processes and try again");
}

// The copy needs a connection without a transaction, so the fence is open for a moment: the copy's own first
// step closes it again, and what the watcher saw meanwhile decides.
bool SqliteScratch::copy_unless_changed_since(std::int64_t version, SqliteDatabase& run,
                                              SqliteDatabase& watcher) {
  run.release_write_lock();
  bool copied = false;
  {
    Backup backup(run, *m_database);
    backup.copy(1);
    copied = watcher.data_version() == version;
    if (copied) backup.copy(-1);
    backup.finish();
  }
  run.hold_write_lock_again();
  return copied;
}

}  // namespace bench
