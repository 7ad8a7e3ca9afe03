#include "database/postgres/drain.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <thread>

#include "base/error.hpp"
#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks{5};
constexpr std::chrono::milliseconds for_ending{10'000};
// One lock table of the server serves all its databases.
constexpr std::size_t tables_locked_at_once = 500;

struct Writer {
  std::int64_t pid = 0;
  std::string words;
};
/// By the number of the transaction, which no later one gets.
using Writers = std::map<std::string, Writer>;

// Who checked his rights before they were taken held his lock by then; who asks for a lock later learns that
// they are gone. So those of one moment are all that must be waited for, whatever comes after them.
Writers writers_now(PostgresDatabase& admin, int own_pid) {
  const std::vector<Value> own{std::int64_t{own_pid}};
  Writers writers;
  for (const Row& row :
       admin.query("SELECT a.pid, a.usename, floor(extract(epoch FROM now() - a.xact_start))::int, a.query, "
                   "min(l.virtualtransaction) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a "
                   "ON a.pid = "
                   "l.pid WHERE l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
                   "current_database()) "
                   "AND l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', "
                   "'ShareUpdateExclusiveLock') AND coalesce(a.backend_type, 'client backend') = 'client "
                   "backend' AND a.pid NOT IN "
                   "(pg_backend_pid(), ?::int) GROUP BY a.pid, a.usename, a.xact_start, a.query ORDER BY "
                   "a.xact_start",
                   own))
    writers[to_text(row[4])] = {to_integer(row[0]), describe_session(row)};
  return writers;
}

Writers still_open(PostgresDatabase& admin, const Writers& writers) {
  Writers open;
  for (const Row& row : admin.query("SELECT DISTINCT virtualtransaction FROM pg_catalog.pg_locks")) {
    const auto found = writers.find(to_text(row[0]));
    if (found != writers.end()) open.insert(*found);
  }
  return open;
}

bool is_cancelled(const PostgresDatabase* run) {
  return run != nullptr && run->options().cancelled && run->options().cancelled();
}

std::string describe(const Writers& writers) {
  std::vector<std::string> words;
  for (const auto& [transaction, writer] : writers) words.push_back(writer.words);
  return fmt::to_string(fmt::join(words, "; "));
}

Writers wait_for(PostgresDatabase& admin, Writers writers, std::chrono::milliseconds timeout,
                 const PostgresDatabase* run, Progress* progress) {
  const auto deadline = SteadyClock::now() + timeout;
  WaitNotes notes(progress);
  while (!writers.empty() && !(writers = still_open(admin, writers)).empty() &&
         SteadyClock::now() < deadline) {
    if (is_cancelled(run)) throw Error(Kind::interrupted, "interrupted while waiting for writers");
    notes.still_waiting([&] { return fmt::format("waiting for {}", describe(writers)); });
    std::this_thread::sleep_for(between_looks);
  }
  return writers;
}

[[noreturn]] void fail_busy(const Writers& writers, std::chrono::milliseconds timeout) {
  throw Error(Kind::busy,
              fmt::format("{} did not finish within {} s: {}", writers.size() == 1 ? "a writer" : "writers",
                          static_cast<double>(timeout.count()) / 1000.0, describe(writers)),
              "end it, or try again with a longer --drain-timeout, or with --end-writers");
}

int end_sessions(PostgresDatabase& admin, const Writers& writers) {
  int ended = 0;
  for (const auto& [transaction, writer] : writers) {
    const std::vector<Value> pid{writer.pid};
    ended += static_cast<int>(to_integer(admin.value("SELECT pg_catalog.pg_terminate_backend(?::int)", pid)));
  }
  return ended;
}

void hold(PostgresDatabase& admin, const std::vector<std::string>& tables,
          std::chrono::milliseconds timeout) {
  const Transaction rolled_back(admin);
  admin.execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", std::max<long>(timeout.count(), 1'000)));
  // Autovacuum gives way to who waits for as long as this.
  if (admin.is_superuser()) admin.execute("SET LOCAL deadlock_timeout = '20ms'");
  admin.execute(fmt::format("LOCK TABLE ONLY {} IN SHARE ROW EXCLUSIVE MODE", fmt::join(tables, ", ONLY ")));
}

std::vector<Row> tables_of_site(PostgresDatabase& admin) {
  return admin.query(fmt::format(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE c.relkind IN ('r', 'p') AND {} ORDER BY c.oid",
      is_site_schema));
}

void barrier(PostgresDatabase& admin, std::chrono::milliseconds timeout) {
  std::vector<std::string> tables;
  const auto rows = tables_of_site(admin);
  for (const Row& row : rows) {
    tables.push_back(quote_name(to_text(row[0]), to_text(row[1])));
    if (tables.size() < tables_locked_at_once && &row != &rows.back()) continue;
    hold(admin, tables, timeout);
    tables.clear();
  }
}

}  // namespace

void prepare_to_drain(PostgresDatabase& admin) {
  writers_now(admin, 0);
  tables_of_site(admin);
}

int drain_writers(PostgresDatabase& admin, const FenceOptions& options, const PostgresDatabase* run) {
  const int own_pid = run == nullptr ? 0 : run->backend_pid();
  int ended = 0;
  Writers left = wait_for(admin, writers_now(admin, own_pid), options.drain_timeout, run, options.progress);
  if (!left.empty() && options.writers == FenceOptions::Writers::end) {
    ended = end_sessions(admin, left);
    left = wait_for(admin, std::move(left), for_ending, run, options.progress);
  }
  if (!left.empty()) fail_busy(left, options.drain_timeout);
  try {
    barrier(admin, options.drain_timeout);
  } catch (const Error& error) {
    if (error.kind() != Kind::busy) throw;
    const Writers now = writers_now(admin, own_pid);
    if (now.empty()) throw error.with_hint("try again: whoever held that lock is gone");
    fail_busy(now, options.drain_timeout);
  }
  return ended;
}

std::vector<std::string> prepared_transactions(PostgresDatabase& database) {
  std::vector<std::string> names;
  for (const Row& row : database.query("SELECT gid, owner FROM pg_catalog.pg_prepared_xacts WHERE database = "
                                       "current_database() ORDER BY prepared"))
    names.push_back(fmt::format("'{}' of {}", to_text(row[0]), to_text(row[1])));
  return names;
}

}  // namespace bench
