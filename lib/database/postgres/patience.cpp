#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

namespace {

using SteadyClock = std::chrono::steady_clock;

/// Looks, while a session waits for a lock, at who holds it: afterwards the server does not know any more.
class Witness {
 public:
  Witness(PostgresDatabase& waiting)
      : m_database(waiting.settings(), {}, PostgresDatabase::WorksAs::itself), m_pid(waiting.backend_pid()) {
    m_thread = std::thread([this] { watch(); });
  }
  ~Witness() { stop(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// As they were when the session last waited.
  std::string blockers() {
    const std::lock_guard lock(m_mutex);
    return m_blockers.empty() ? "a session that is gone" : fmt::to_string(fmt::join(m_blockers, "; "));
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(m_mutex);
      m_stopping = true;
    }
    m_changed.notify_one();
    if (m_thread.joinable()) m_thread.join();
  }
  void watch() {
    std::unique_lock lock(m_mutex);
    while (!m_changed.wait_for(lock, std::chrono::milliseconds(20), [this] { return m_stopping; })) look();
  }
  // Whom this cannot tell, it does not tell; the statement itself still fails with its own reason.
  void look() {
    try {
      const std::vector<Value> pid{std::int64_t{m_pid}};
      const auto rows = m_database.query(
          "SELECT a.pid, a.usename, floor(extract(epoch FROM now() - coalesce(a.xact_start, "
          "a.query_start)))::int, "
          "a.query FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY "
          "(pg_catalog.pg_blocking_pids(?::int)) "
          "ORDER BY 3 DESC",
          pid);
      if (rows.empty()) return;
      m_blockers.clear();
      for (const Row& row : rows) m_blockers.push_back(describe_session(row));
    } catch (const Error&) {
      m_stopping = true;
    }
  }

  PostgresDatabase m_database;
  int m_pid;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  bool m_stopping = false;
  std::vector<std::string> m_blockers;
  std::thread m_thread;
};

/// lock_timeout for as long as this lives.
class LockTimeout {
 public:
  LockTimeout(PostgresDatabase& database, std::chrono::milliseconds timeout)
      : m_database(database), m_before(to_text(database.value("SHOW lock_timeout"))) {
    set(fmt::format("{}ms", timeout.count()));
  }
  ~LockTimeout() {
    // A connection that is lost has no setting to put back.
    try {
      set(m_before);
    } catch (const Error&) {
    }
  }
  LockTimeout(const LockTimeout&) = delete;
  LockTimeout& operator=(const LockTimeout&) = delete;

 private:
  void set(const std::string& value) { m_database.execute(fmt::format("SET lock_timeout = '{}'", value)); }
  PostgresDatabase& m_database;
  std::string m_before;
};

void attempt(PostgresDatabase& database, std::string_view statement) {
  if (!database.in_transaction()) return database.execute(statement);
  Savepoint savepoint(database, "bench_patience");
  database.execute(statement);
  savepoint.release();
}

void pause(const PostgresDatabase& database, std::chrono::milliseconds time) {
  const auto until = SteadyClock::now() + time;
  while (SteadyClock::now() < until) {
    if (database.options().cancelled && database.options().cancelled())
      throw Error(Kind::interrupted, "interrupted while waiting for a lock");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

void PostgresDatabase::execute_patiently(std::string_view statement, const LockPatience& patience) {
  const auto deadline = SteadyClock::now() + patience.patience;
  const LockTimeout timeout(*this, patience.lock_timeout);
  std::chrono::milliseconds rest{100};
  // The first attempt, which mostly succeeds, costs no second connection.
  std::optional<Witness> witness;
  WaitNotes notes(patience.progress);
  for (;;) {
    try {
      return attempt(*this, statement);
    } catch (const Error& error) {
      if (error.kind() != Kind::busy) throw;
      if (witness && SteadyClock::now() >= deadline) {
        throw Error(Kind::busy,
                    fmt::format("a lock that the statement needs is held by {}", witness->blockers()),
                    "end that session, or try again later")
            .with_statement(error.sqlstate(), std::string(statement));
      }
    }
    if (witness)
      notes.still_waiting([&] { return fmt::format("waiting for a lock of {}", witness->blockers()); });
    else
      witness.emplace(*this);
    pause(*this, std::min(rest, patience.patience));
    rest = std::min(rest * 2, std::chrono::milliseconds(2'000));
  }
}

}  // namespace bench
