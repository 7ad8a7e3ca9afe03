#include "database/mariadb/drain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/time.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/sessions.hpp"

namespace bench {

namespace {

// The server answers from a copy of its transactions that it renews only when nobody asked for 100 ms.
constexpr Milliseconds transaction_view_pause{110};
constexpr std::string_view not_logged_in_yet = "unauthenticated user";

struct Seen {
  MariadbSession session;
  /// Its transaction, when it has written or locked something in it.
  std::string transaction;
};

/// Sessions older than a connection, until there are none.
class Drain {
 public:
  Drain(MariadbDatabase& newest, const std::string& user, const FenceOptions& options,
        const std::set<std::int64_t>& spared = {})
      : m_server(newest), m_user(user), m_options(options), m_spared(spared) {}

  int run() {
    for (Milliseconds pause{1};; pause = std::min(pause * 2, Milliseconds(20))) {
      if (m_server.cancelled() && m_server.cancelled()())
        throw Error(Kind::interrupted, "interrupted while waiting for writers");
      // Whoever gets no time is ended whatever he does.
      if (m_options.drain_timeout > Milliseconds(0) && (m_is_first_look || !m_waiting.empty()))
        m_writing = writing_sessions(m_server);
      const std::vector<Seen> seen = look();
      if (seen.empty()) return static_cast<int>(m_ended.size());
      std::vector<MariadbSession> writers;
      for (const Seen& one : seen)
        if (one.session.user != not_logged_in_yet) end_or_wait(one, writers);
      if (!writers.empty()) {
        throw_if_too_late(writers);
        m_notes.still_waiting([&] { return fmt::format("waiting for {}", describe(writers)); });
      }
      m_is_first_look = false;
      std::this_thread::sleep_for(writers.empty() ? pause : transaction_view_pause);
    }
  }

 private:
  // Those that are still logging in may be somebody else's, so they are never ended, only waited for: once
  // they are somebody, they have the rights of now or are ended.
  std::vector<Seen> look() {
    const std::vector<Value> users{m_user, std::string(not_logged_in_yet)};
    std::vector<Seen> seen;
    for (const Row& row : m_server.query(
             fmt::format("SELECT p.ID, p.USER, p.HOST, IFNULL(TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), "
                         "p.TIME), p.INFO, "
                         "CONCAT(t.trx_started, ' ', IF(t.trx_rows_modified > 0, t.trx_id, '')) FROM "
                         "information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON "
                         "t.trx_mysql_thread_id = p.ID AND (t.trx_rows_modified > 0 OR t.trx_rows_locked > 0 "
                         "OR t.trx_state "
                         "= 'LOCK WAIT') WHERE p.ID < {} AND p.USER IN (?, ?)",
                         m_server.connection_id()),
             users))
      if (!m_spared.contains(to_integer(row[0])))
        seen.push_back({{to_integer(row[0]), to_text(row[1]), to_text(row[2]), to_integer(row[3]),
                         to_text(row[4]).substr(0, 120)},
                        to_text(row[5])});
    return seen;
  }

  // Only a transaction that was there at the first look is waited for: a session that goes from one to the
  // next would never be done.
  void end_or_wait(const Seen& one, std::vector<MariadbSession>& writers) {
    const std::int64_t id = one.session.id;
    const bool has_time = m_is_first_look ? m_writing.contains(id) : goes_on(one);
    if (has_time && !m_is_over) {
      // At the first look the view may still show the one before it.
      m_waiting[id] = m_is_first_look ? "" : one.transaction;
      writers.push_back(one.session);
    } else if (m_ended.insert(id).second) {
      kill(id);
    }
  }

  bool goes_on(const Seen& one) const {
    const auto known = m_waiting.find(one.session.id);
    if (known == m_waiting.end()) return false;
    // While others ask for the view all the time, it is never renewed and does not show the transaction at
    // all.
    if (one.transaction.empty()) return m_writing.contains(one.session.id);
    return one.transaction.starts_with(known->second);
  }

  void throw_if_too_late(const std::vector<MariadbSession>& writers) {
    if (m_stopwatch.elapsed() < m_options.drain_timeout) return;
    m_is_over = true;
    if (m_options.writers == FenceOptions::Writers::end) return;
    throw Error(Kind::busy,
                fmt::format("transactions did not end within {} ms: {}", m_options.drain_timeout.count(),
                            describe(writers)),
                "end them, or try again with a longer --drain-timeout or with --end-writers");
  }

  void kill(std::int64_t id) {
    try {
      m_server.execute(fmt::format("KILL CONNECTION {}", id));
    } catch (const Error& error) {
      // It was quicker and is gone.
      constexpr int unknown_thread = 1094;
      if (error.database_error() != unknown_thread) throw;
    }
  }

  MariadbDatabase& m_server;
  std::string m_user;
  FenceOptions m_options;
  std::set<std::int64_t> m_spared;
  Stopwatch m_stopwatch;
  WaitNotes m_notes{m_options.progress};
  bool m_is_first_look = true;
  bool m_is_over = false;
  std::set<std::int64_t> m_writing;
  std::map<std::int64_t, std::string> m_waiting;
  std::set<std::int64_t> m_ended;
};

}  // namespace

int end_older_sessions(MariadbDatabase& newest, const std::string& user, const FenceOptions& options) {
  return Drain(newest, user, options).run();
}

int end_older_sessions(MariadbDatabase& newest, const std::string& user,
                       const std::set<std::int64_t>& spared) {
  return Drain(newest, user, {Milliseconds(0), FenceOptions::Writers::end}, spared).run();
}

void wait_for_writers(MariadbDatabase& server, Milliseconds timeout, Progress* progress) {
  std::vector<std::string> tables;
  for (const std::string& table : server.tables()) tables.push_back(mariadb_name(table));
  if (tables.empty()) return;
  const Database::LockPatience patience{Milliseconds(1'000), timeout, progress};
  try {
    server.execute_patiently(fmt::format("LOCK TABLES {} READ", fmt::join(tables, " READ, ")), patience);
  } catch (const Error& error) {
    throw error.kind() == Kind::busy
        ? error.with_hint("end what holds the lock, or try again with a longer --drain-timeout")
        : error;
  }
  server.execute("UNLOCK TABLES");
}

}  // namespace bench
