#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "database/column.hpp"
#include "database/dialect.hpp"
#include "database/value.hpp"

namespace bench {

/// What a database can do, where the three differ. Code asks these, never for the type.
struct Features {
  /// How far DDL and the log row about it can be undone together.
  enum class Atomicity {
    run,        ///< all patches of a run are one transaction (SQLite)
    patch,      ///< each patch is one transaction (PostgreSQL)
    statement,  ///< DDL commits by itself, so each statement is journaled (MariaDB)
  };
  Atomicity atomicity;
  /// Whether the fence stands when the process that made it is gone. Where it does not (SQLite: the fence is
  /// the run connection's write lock), a window that outlives its process is not enforced.
  enum class FenceLife { connection, durable } fence_life;
  /// Whether a second connection of bench can write while the run connection holds the fence.
  bool others_can_write_in_window;
  /// Whether the database itself refuses a value that does not fit the type its column was declared with.
  bool checks_types;
};

/// A column of an answer.
struct AnswerColumn {
  std::string name;
  bool is_decimal = false;  ///< its values are exact decimal numbers, as text
};

/// One open connection and nothing more. Every driver error leaves as Error{statement} (or Error{busy} when a
/// lock could not be had, Error{database} when the connection is gone, Error{interrupted} when cancelled)
/// with the SQLSTATE and the statement.
class Database {
 public:
  virtual ~Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  virtual Dialect dialect() const = 0;
  virtual const Features& features() const = 0;
  /// "SQLite 3.40.1"
  virtual std::string server_version() = 0;

  /// Runs one statement and drops its rows. `?` marks a parameter, in every dialect.
  virtual void execute(std::string_view statement, std::span<const Value> parameters = {}) = 0;
  /// Runs one statement and keeps its rows: for small answers. `columns`, where given, gets its columns when
  /// there are rows.
  std::vector<Row> query(std::string_view statement, std::span<const Value> parameters = {},
                         std::vector<AnswerColumn>* columns = nullptr);
  /// The same for answers that become something else at once: shows each row to `see` and keeps none itself
  /// (the drivers of servers hold the whole answer). `columns` are there before the first row. `see` must not
  /// use this connection.
  virtual void read(std::string_view statement, std::span<const Value> parameters,
                    const std::function<void(RowView)>& see,
                    std::vector<AnswerColumn>* columns = nullptr) = 0;
  virtual bool has_table(std::string_view table) = 0;
  /// Names of the base tables, sorted; the database's own are left out.
  virtual std::vector<std::string> tables() = 0;
  /// A base table's columns in their order; empty when there is no such table.
  virtual std::vector<Column> columns(std::string_view table) = 0;

  virtual bool in_transaction() = 0;

  /// Whether a write to some table is not undone with its transaction (MariaDB: other engines than InnoDB).
  virtual bool has_tables_without_transactions() { return false; }

  /// A hash of what the one object that a DDL statement changes is now (or of its absence): when it differs
  /// after a statement whose answer was lost, the statement took effect; when it does not, running it again
  /// is safe. nullopt when no such proof exists: several objects, or a statement that leaves the definition
  /// as it is and must not run twice.
  virtual std::optional<std::string> definition_of(std::string_view /*statement*/) { return std::nullopt; }

  /// Runs a statement that may have to wait for others' locks. It gives up waiting after `lock_timeout`, so
  /// that nobody queues behind it for longer, and tries again with growing pauses until `patience` is over;
  /// then Error{busy} names who holds the lock (pid, user, age, statement). Inside a transaction only the
  /// statement itself is tried again. SQLite has no such locks: there it is `execute`.
  struct LockPatience {
    std::chrono::milliseconds lock_timeout{2'000};
    std::chrono::milliseconds patience{60'000};
    Progress* progress = nullptr;  ///< told who holds the lock
  };
  virtual void execute_patiently(std::string_view statement, const LockPatience&) { execute(statement); }

  /// Takes the database's own lock for whoever changes the site; it is held for as long as this connection
  /// lives, and holds across hosts. nullopt when it was taken (or is ours already), else who holds it. SQLite
  /// needs none beside the file lock.
  struct LockHolder {
    std::string host;  ///< empty: nobody knows
    int pid = 0;
    std::string told;  ///< "host web1, pid 412, since 2026-11-21 03:41:00"
  };
  virtual std::optional<LockHolder> try_site_lock() { return std::nullopt; }

 protected:
  Database() = default;
  friend class Transaction;
  friend class Savepoint;
  /// What Transaction is made of. On a connection that is the fence (SQLite in a window), `begin` joins the
  /// transaction that holds the fence, and `commit` and `rollback` take the fence again at once (see
  /// Fence::slipped_in).
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
};

/// Destroyed means rolled back; only `commit` keeps anything.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& m_database;
  bool m_open = true;
};

/// A part of a transaction that can be undone by itself. Destroyed without `release`, what it holds is rolled
/// back.
class Savepoint {
 public:
  Savepoint(Database& database, std::string name);
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void release();

 private:
  Database& m_database;
  std::string m_name;
  bool m_open = true;
};

}  // namespace bench
