#include "database/postgres/restore_limits.hpp"

#include <fmt/format.h>

#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

std::string no_member(std::string_view catalogue, std::string_view oid) {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.{}'::regclass AND "
      "e.objid "
      "= {} AND e.deptype IN ('e', 'i'))",
      catalogue, oid);
}

// A dump is loaded by an account without such rights, wherever it comes from.
std::string objects_for_superusers() {
  return fmt::format(
      "SELECT 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger t WHERE {} "
      "UNION ALL SELECT 'foreign server ' || srvname FROM pg_catalog.pg_foreign_server s WHERE {} "
      "UNION ALL SELECT 'function ' || p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON "
      "n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE {} AND {} AND "
      "p.prokind <> 'a' AND (p.proleakproof OR l.lanname IN ('c', 'internal')) "
      "UNION ALL SELECT 'operator family ' || o.opfname FROM pg_catalog.pg_opfamily o JOIN "
      "pg_catalog.pg_namespace n ON n.oid = o.opfnamespace WHERE {} AND {} "
      "UNION ALL SELECT 'type ' || t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON "
      "n.oid "
      "= t.typnamespace WHERE {} AND {} AND t.typtype = 'b' AND t.typcategory <> 'A' "
      "UNION ALL SELECT 'transform of ' || t.trftype::regtype FROM pg_catalog.pg_transform t WHERE {}",
      no_member("pg_event_trigger", "t.oid"), no_member("pg_foreign_server", "s.oid"), is_site_schema,
      no_member("pg_proc", "p.oid"), is_site_schema, no_member("pg_opfamily", "o.oid"), is_site_schema,
      no_member("pg_type", "t.oid"), no_member("pg_transform", "t.oid"));
}

std::string objects_of_others() {
  return fmt::format(
      "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE {0} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {1} AND c.relowner <> (SELECT oid FROM "
      "pg_catalog.pg_roles WHERE rolname = ?) UNION ALL SELECT p.proname || '()' FROM pg_catalog.pg_proc p "
      "JOIN "
      "pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE {0} AND {2} AND p.proowner <> (SELECT oid "
      "FROM "
      "pg_catalog.pg_roles WHERE rolname = ?)",
      is_site_schema, no_member("pg_class", "c.oid"), no_member("pg_proc", "p.oid"));
}

void add(std::vector<std::string>& limits, const std::vector<Row>& rows, std::string_view told) {
  if (!rows.empty()) limits.push_back(fmt::format("{}: {}", told, some_of(first_column(rows))));
}

}  // namespace

std::vector<std::string> postgres_restore_limits(PostgresDatabase& database) {
  std::vector<std::string> limits;
  add(limits, database.query(objects_for_superusers()),
      "bench cannot restore this database, because only a superuser may make");
  add(limits, database.query("SELECT pubname FROM pg_catalog.pg_publication"),
      "backups do not hold publications");
  const std::string owner = database.owner_of_objects();
  const std::vector<Value> parameters{owner, owner};
  add(limits, database.query(objects_of_others(), parameters),
      fmt::format("a restore gives to {} what belongs to others", owner));
  return limits;
}

}  // namespace bench
