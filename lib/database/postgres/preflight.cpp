#include "database/postgres/preflight.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "database/postgres/drain.hpp"
#include "database/postgres/owners.hpp"
#include "database/postgres/proof.hpp"
#include "database/postgres/restore_limits.hpp"
#include "database/postgres/text.hpp"

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

void add_what_others_own(std::vector<std::string>& findings, PostgresDatabase& database) {
  if (database.is_superuser()) return;
  const std::vector<std::string> strangers = first_column(database.query(
      "SELECT rolname FROM pg_catalog.pg_roles WHERE NOT pg_catalog.pg_has_role(session_user, oid, "
      "'MEMBER')"));
  std::vector<std::string> objects;
  for (const OwnedObject& object : objects_of_others(database))
    if (std::ranges::find(strangers, object.role) != strangers.end())
      objects.push_back(fmt::format("{} {} of {}", object.type, object.identity, object.role));
  if (!objects.empty())
    findings.push_back(fmt::format(
        "the account {} is no member of the roles that these belong to, so a backup fails that may not "
        "read them, and a patch that changes them: {}",
        database.settings().user, some_of(objects)));
}

// A backup is restored into a scratch database, which then takes the place and the owner of this one.
void add_missing_for_undo(std::vector<std::string>& findings, PostgresDatabase& database) {
  if (database.is_superuser()) return;
  const std::vector<Value> parameters{database.owner_of_objects()};
  // What belongs to a superuser is given to the site's own role.
  const Row row =
      database
          .query(
              "SELECT me.rolcreatedb, pg_catalog.pg_has_role(me.oid, o.oid, 'MEMBER') OR o.rolsuper, "
              "o.rolname, "
              "pg_catalog.pg_has_role(me.oid, d.datdba, 'MEMBER'), d.datname FROM pg_catalog.pg_roles me, "
              "pg_catalog.pg_roles o, pg_catalog.pg_database d WHERE me.rolname = session_user AND o.rolname "
              "= "
              "? AND d.datname = current_database()",
              parameters)
          .at(0);
  const std::string account = quote_name(database.settings().user), owner = quote_name(to_text(row[2]));
  std::vector<std::string> missing;
  if (to_integer(row[0]) == 0) missing.push_back(fmt::format("ALTER ROLE {} CREATEDB", account));
  if (to_integer(row[1]) == 0) missing.push_back(fmt::format("GRANT {} TO {}", owner, account));
  if (to_integer(row[3]) == 0)
    missing.push_back(
        fmt::format("ALTER DATABASE {} OWNER TO a role that it is a member of", quote_name(to_text(row[4]))));
  if (!missing.empty())
    findings.push_back(
        fmt::format("A CHANGE THAT FAILS AFTER IT COMMITTED SOMETHING COULD NOT BE UNDONE by itself, because "
                    "the account {} may not put a restored database in the place of this one: {}",
                    account, fmt::join(missing, "; ")));
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
  add_missing_for_undo(findings, database);
  add_what_others_own(findings, database);
  for (const std::string& way : open_ways(site, database)) findings.push_back(way);
  for (std::string& limit : postgres_restore_limits(database)) findings.push_back(std::move(limit));
  return findings;
}

}  // namespace bench
