#include "database/postgres/restore_limits.hpp"

#include <fmt/format.h>

#include "database/postgres/owners.hpp"
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

std::string publications_for_superusers(PostgresDatabase& database) {
  const std::string_view of_schemas =
      database.version_number() >= 150000
          ? "OR EXISTS (SELECT 1 FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)"
          : "";
  return fmt::format("SELECT pubname FROM pg_catalog.pg_publication p WHERE puballtables {}", of_schemas);
}

std::vector<std::string> told(const std::vector<OwnedObject>& objects) {
  std::vector<std::string> words;
  for (const OwnedObject& object : objects)
    words.push_back(fmt::format("{} {} of {}", object.type, object.identity, object.role));
  return words;
}

void add(std::vector<std::string>& limits, const std::vector<std::string>& names, std::string_view words) {
  if (!names.empty()) limits.push_back(fmt::format("{}: {}", words, some_of(names)));
}

}  // namespace

std::vector<std::string> postgres_restore_limits(PostgresDatabase& database) {
  std::vector<std::string> limits;
  const auto names = [&database](const std::string& query) { return first_column(database.query(query)); };
  add(limits, names(objects_for_superusers()),
      "bench cannot restore this database, because only a superuser may make");
  add(limits, names("SELECT pubname FROM pg_catalog.pg_publication"),
      "after a restore who subscribes to publications has to subscribe anew");
  add(limits, told(objects_of_others(database)),
      fmt::format("a restore, other than the undo of a change, gives to {} what belongs to others",
                  database.owner_of_objects()));
  if (database.is_superuser()) return limits;
  const std::string& account = database.settings().user;
  add(limits, names(publications_for_superusers(database)),
      fmt::format(
          "the account {} is no superuser, so a restore loses publications of all tables or of a schema",
          account));
  add(limits,
      names("SELECT DISTINCT pg_catalog.pg_get_userbyid(defaclrole) FROM pg_catalog.pg_default_acl WHERE NOT "
            "pg_catalog.pg_has_role(defaclrole, 'MEMBER')"),
      fmt::format("the account {} is no member of roles whose default privileges a restore therefore loses",
                  account));
  return limits;
}

}  // namespace bench
