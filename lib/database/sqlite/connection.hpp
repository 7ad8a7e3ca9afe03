#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database/backend.hpp"
#include "database/database.hpp"
#include "database/sqlite/statement.hpp"

namespace bench {

/// One connection to an SQLite file. In a window the run's connection holds the write lock
/// (`hold_write_lock`): that is the fence. Nothing else in the process may open and close the live file by
/// other means: POSIX locks of the whole process would go.
class SqliteDatabase final : public Database {
 public:
  /// The file must exist. Error{database} when it cannot be opened or is no database.
  SqliteDatabase(const std::filesystem::path& file, const ConnectOptions& options);
  ~SqliteDatabase() override;

  Dialect dialect() const override { return Dialect::sqlite; }
  const Features& features() const override;
  std::string server_version() override;
  void execute(std::string_view statement, std::span<const Value> parameters = {}) override;
  void read(std::string_view statement, std::span<const Value> parameters,
            const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered = nullptr) override;
  bool has_table(std::string_view table) override;
  std::vector<std::string> tables() override;
  std::vector<Column> columns(std::string_view table) override;
  bool in_transaction() override;

  sqlite3* handle() const { return m_connection.get(); }
  const std::filesystem::path& file() const { return m_file; }

  /// BEGIN IMMEDIATE, once the writers before us are done. Error{busy} names those that are not within
  /// `timeout`; `progress` is told them meanwhile.
  void hold_write_lock(std::chrono::milliseconds timeout, Progress* progress);
  void release_write_lock();
  /// Takes the lock back after a release; when a writer is quicker and stays, that is a slip-in and no error.
  void hold_write_lock_again();
  bool holds_write_lock() const { return m_holding; }
  /// Whether somebody else committed since the lock was first taken: possible only between a commit and
  /// taking it again.
  bool slipped_in() const { return m_slipped_in; }
  /// PRAGMA data_version: changes when another connection has committed.
  std::int64_t data_version();

 protected:
  void begin() override;
  void commit() override;
  void rollback() override;

 private:
  static int on_busy(void* self, int tries);
  void note_wait() noexcept;
  static int on_progress(void* self);
  /// The statement prepared: kept from an earlier time, or in `once`.
  SqliteStatement& prepare(std::string_view sql, std::optional<SqliteStatement>& once);
  void end_and_hold_again(std::string_view end);
  void check_foreign_keys();
  std::vector<std::string> foreign_key_violations();

  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  std::filesystem::path m_file;
  std::function<bool()> m_cancelled;
  std::chrono::steady_clock::time_point m_deadline;
  std::chrono::milliseconds m_busy_timeout;
  std::optional<WaitNotes> m_wait_notes;
  std::unique_ptr<sqlite3, Close> m_connection;
  bool m_keeps_statements;
  std::map<std::string, SqliteStatement, std::less<>> m_statements;
  bool m_holding = false;
  bool m_slipped_in = false;
  std::vector<std::string> m_old_violations;
};

/// Processes that hold the write lock of a WAL database, as "pid 123 (name)". Empty where the system does not
/// tell.
std::vector<std::string> sqlite_writers(const std::filesystem::path& file);

}  // namespace bench
