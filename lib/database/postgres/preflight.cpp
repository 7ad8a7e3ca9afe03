#include "database/postgres/preflight.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "database/postgres/drain.hpp"
#include "database/postgres/proof.hpp"
#include "database/postgres/restore_limits.hpp"

namespace bench {

namespace {

constexpr std::int64_t long_transaction = 10;  // seconds

void add_long_transactions(std::vector<std::string>& findings, PostgresDatabase& database) {
  const std::vector<Value> seconds{long_transaction};
  for (const Row& row : database.query(
           "SELECT pid, usename, floor(extract(epoch FROM now() - xact_start))::int, query FROM "
           "pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "
           "xact_start < now() - make_interval(secs => ?::int) ORDER BY xact_start",
           seconds))
    findings.push_back(fmt::format("a transaction is open and may block patches: {}", describe_session(row)));
}

void add_pooler(std::vector<std::string>& findings, PostgresDatabase& database) {
  if (database.is_pooled())
    findings.emplace_back(
        "a pooler stands between bench and the server, and may give bench's session to others: point "
        "db_host, "
        "db_port or db_socket at the server itself");
}

}  // namespace

std::vector<std::string> postgres_preflight(const SiteDatabase& site, PostgresDatabase& database) {
  std::vector<std::string> findings;
  add_long_transactions(findings, database);
  add_pooler(findings, database);
  if (const auto prepared = prepared_transactions(database); !prepared.empty())
    findings.push_back(
        fmt::format("prepared transactions stand against a window: {}", fmt::join(prepared, ", ")));
  auto reason = why_postgres_cannot_fence(site);
  if (!reason) reason = why_postgres_cannot_fence(site, database);
  if (reason) {
    findings.push_back(fmt::format("writes cannot be refused: {}", *reason));
    return findings;
  }
  for (const std::string& way : open_ways(site, database)) findings.push_back(way);
  for (std::string& limit : postgres_restore_limits(database)) findings.push_back(std::move(limit));
  return findings;
}

}  // namespace bench
