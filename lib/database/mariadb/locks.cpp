#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/host.hpp"
#include "base/time.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/sessions.hpp"

namespace bench {

namespace {

constexpr std::size_t longest_lock_name = 64;

/// Sets the session's patience for locks, and sets it back.
class LockTimeout {
 public:
  LockTimeout(MariadbDatabase& database, Milliseconds timeout)
      : m_database(database),
        m_before(database.query("SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout").at(0)) {
    // The server counts in whole seconds.
    const auto seconds = std::max<std::int64_t>(1, (timeout.count() + 999) / 1000);
    set(seconds, seconds);
  }
  ~LockTimeout() {
    try {
      set(to_integer(m_before[0]), to_integer(m_before[1]));
    } catch (const Error&) {
      // A connection that is lost has no timeouts any more; the statement's own error says so.
    }
  }
  LockTimeout(const LockTimeout&) = delete;
  LockTimeout& operator=(const LockTimeout&) = delete;

 private:
  void set(std::int64_t metadata, std::int64_t rows) {
    m_database.execute(
        fmt::format("SET SESSION lock_wait_timeout = {}, innodb_lock_wait_timeout = {}", metadata, rows));
  }
  MariadbDatabase& m_database;
  Row m_before;
};

std::string lock_name(const std::string& database) {
  const std::string name = "bench." + database;
  return name.size() <= longest_lock_name ? name : "bench." + sha256(database).substr(0, 40);
}

/// Who may hold a lock, and what ends that.
struct LockHolders {
  std::string told = "a session that this account may not see";
  std::string hint = "end that session, or try again later";
};

// To see others' transactions takes a right of its own, and whoever lacks it has to wait all the same.
LockHolders find_lock_holders(MariadbDatabase& database) {
  LockHolders holders;
  try {
    const std::vector<MariadbSession> sessions = lock_holders(database);
    const std::vector<std::string> prepared = prepared_transactions(database);
    if (prepared.empty() || !sessions.empty()) holders.told = describe(sessions);
    if (prepared.empty()) return holders;
    // A message may lose its hint on its way, and a lock that no session holds is not let go of by itself.
    const std::string words = fmt::format("a prepared XA transaction (XA COMMIT or XA ROLLBACK ends it): {}",
                                          fmt::join(prepared, "; "));
    holders.told = sessions.empty() ? words : fmt::format("{}; or {}", holders.told, words);
    if (sessions.empty())
      holders.hint = fmt::format("XA ROLLBACK {0}, or XA COMMIT {0}, as whoever prepared it wants it to end",
                                 prepared.front());
  } catch (const Error&) {
    // What can be told is told.
  }
  return holders;
}

// Only a row that the holder's own session wrote speaks of the holder.
std::optional<Database::LockHolder> noted_holder(MariadbDatabase& database, std::int64_t session) {
  if (!database.has_table("__bench_state")) return std::nullopt;
  const std::string text =
      to_text(database.value("SELECT state_value FROM __bench_state WHERE state_key = 'lock_holder'"));
  const auto note = nlohmann::json::parse(text, nullptr, false);
  if (!note.is_object() || note.value("session", std::int64_t{0}) != session) return std::nullopt;
  const std::string host = note.value("host", "?");
  return Database::LockHolder{
      .host = host,
      .pid = note.value("pid", 0),
      .told = fmt::format("host {}, pid {}, since {}", host, note.value("pid", 0), note.value("since", "?"))};
}

}  // namespace

void MariadbDatabase::wait_between_tries(Milliseconds pause) const {
  const Stopwatch stopwatch;
  while (stopwatch.elapsed() < pause) {
    if (m_cancelled && m_cancelled())
      throw Error(Kind::interrupted, "interrupted while waiting for a lock of the database");
    std::this_thread::sleep_for(std::min(pause, Milliseconds(20)));
  }
}

namespace {

Error still_locked(MariadbDatabase& database, std::string_view statement, const Error& error,
                   Milliseconds waited) {
  const LockHolders holders = find_lock_holders(database);
  return Error(Kind::busy,
               fmt::format("a lock that the statement needs was not free within {} ms: {}", waited.count(),
                           holders.told),
               holders.hint)
      .with_statement(error.sqlstate(), std::string(statement), error.database_error());
}

}  // namespace

void MariadbDatabase::execute_patiently(std::string_view statement, const LockPatience& patience) {
  const LockTimeout timeout(*this, patience.lock_timeout);
  const Stopwatch stopwatch;
  WaitNotes notes(patience.progress);
  const bool was_in_transaction = in_transaction();
  for (Milliseconds pause{50};; pause = std::min(pause * 2, Milliseconds(2'000))) {
    try {
      return execute(statement);
    } catch (const Error& error) {
      if (error.kind() != Kind::busy) throw;
      // A deadlock takes the whole transaction with it, so the statement alone must not be tried again.
      const bool lost_transaction = was_in_transaction && !in_transaction();
      if (lost_transaction || stopwatch.elapsed() + pause >= patience.patience)
        throw still_locked(*this, statement, error, stopwatch.elapsed());
    }
    notes.still_waiting(
        [&] { return fmt::format("waiting for a lock of {}", find_lock_holders(*this).told); });
    wait_between_tries(pause);
  }
}

std::optional<Database::LockHolder> MariadbDatabase::try_site_lock() {
  const std::vector<Value> name{lock_name(m_settings.name)};
  if (to_integer(value("SELECT GET_LOCK(?, 0)", name)) == 1) {
    note_lock_holder();
    return std::nullopt;
  }
  const std::int64_t session = to_integer(value("SELECT IS_USED_LOCK(?)", name));
  if (auto note = noted_holder(*this, session)) return note;
  const auto rows = query(
      fmt::format("SELECT USER, HOST, TIME FROM information_schema.PROCESSLIST WHERE ID = {}", session));
  if (rows.empty())
    return LockHolder{.host = {}, .told = fmt::format("session {} of the database server", session)};
  return LockHolder{.host = {},
                    .told = fmt::format("session {} of {}@{}, for {} s in its present state", session,
                                        to_text(rows[0][0]), to_text(rows[0][1]), to_integer(rows[0][2]))};
}

// The lock itself is held; that its holder cannot be named by host and pid is no reason to fail.
void MariadbDatabase::note_lock_holder() {
  const nlohmann::json note{
      {"session", m_id}, {"host", host_name()}, {"pid", getpid()}, {"since", to_database_time(Clock::now())}};
  const std::vector<Value> parameters{note.dump()};
  try {
    if (!has_table("__bench_state")) return;
    execute("REPLACE INTO __bench_state (state_key, state_value) VALUES ('lock_holder', ?)", parameters);
  } catch (const Error& error) {
    if (error.kind() == Kind::database) throw;
  }
}

}  // namespace bench
