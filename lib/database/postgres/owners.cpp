#include "database/postgres/owners.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

// Not what follows the owner of something else, as a table's own type and its sequences do.
std::string is_for_itself(std::string_view catalogue, std::string_view oid) {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.{}'::regclass AND "
      "e.objid = {} AND (e.deptype IN ('e', 'i') OR e.deptype = 'a' AND e.refclassid = "
      "'pg_catalog.pg_class'::regclass AND e.classid = e.refclassid))",
      catalogue, oid);
}

/// Columns: catalogue, oid, owner.
std::string every_object() {
  const auto in_schema = [](std::string_view catalogue, std::string_view column, std::string_view condition) {
    return fmt::format(
        "SELECT 'pg_catalog.{0}'::regclass::oid AS catalogue, o.oid, o.{1}owner AS owner FROM pg_catalog.{0} "
        "o "
        "JOIN pg_catalog.pg_namespace n ON n.oid = o.{1}namespace WHERE {2} AND {3} AND {4}",
        catalogue, column, is_site_schema, condition, is_for_itself(catalogue, "o.oid"));
  };
  // The server's own schema belongs to whoever the server says.
  const std::string schemas = fmt::format(
      "SELECT 'pg_catalog.pg_namespace'::regclass::oid, n.oid, n.nspowner FROM pg_catalog.pg_namespace n "
      "WHERE {} "
      "AND {} AND (n.nspname <> 'public' OR pg_catalog.pg_get_userbyid(n.nspowner) <> 'pg_database_owner' "
      "AND "
      "n.nspowner <> 10)",
      is_site_schema, is_for_itself("pg_namespace", "n.oid"));
  // Up to PostgreSQL 16 it does not follow its range's owner.
  const std::string multiranges = fmt::format(
      "SELECT 'pg_catalog.pg_type'::regclass::oid, o.oid, o.typowner FROM pg_catalog.pg_type o JOIN "
      "pg_catalog.pg_namespace n ON n.oid = o.typnamespace WHERE {} AND o.typtype = 'm' AND NOT EXISTS "
      "(SELECT 1 FROM "
      "pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::regclass AND e.objid = o.oid AND "
      "e.deptype = "
      "'e')",
      is_site_schema);
  return fmt::format(
      "{}", fmt::join({in_schema("pg_class", "rel", "o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"),
                       in_schema("pg_proc", "pro", "true"),
                       in_schema("pg_type", "typ", "o.typtype IN ('c', 'd', 'e', 'r')"), schemas, multiranges,
                       std::string("SELECT 'pg_catalog.pg_publication'::regclass::oid, p.oid, "
                                   "p.pubowner FROM pg_catalog.pg_publication p")},
                      " UNION ALL "));
}

}  // namespace

std::vector<OwnedObject> objects_of_others(PostgresDatabase& database) {
  const std::vector<Value> owner{database.owner_of_objects()};
  std::vector<OwnedObject> objects;
  for (const Row& row : database.query(
           fmt::format("SELECT i.type, i.identity, pg_catalog.pg_get_userbyid(o.owner) FROM ({}) o, LATERAL "
                       "pg_catalog.pg_identify_object(o.catalogue, o.oid, 0) i WHERE "
                       "pg_catalog.pg_get_userbyid(o.owner) <> ?::name ORDER BY 1, 2",
                       every_object()),
           owner))
    objects.push_back({to_text(row[0]), to_text(row[1]), to_text(row[2])});
  return objects;
}

void give_to_others(PostgresDatabase& database, const std::vector<OwnedObject>& objects) {
  const auto present = objects_of_others(database);
  Transaction transaction(database);
  for (const OwnedObject& object : objects) {
    if (std::ranges::find(present, object) != present.end()) continue;
    try {
      Savepoint savepoint(database, "bench_owner");
      database.execute(
          fmt::format("ALTER {} {} OWNER TO {}", object.type, object.identity, quote_name(object.role)));
      savepoint.release();
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
    }
  }
  transaction.commit();
}

void to_json(nlohmann::json& json, const OwnedObject& object) {
  json = {object.type, object.identity, object.role};
}

void from_json(const nlohmann::json& json, OwnedObject& object) {
  object = {json.at(0), json.at(1), json.at(2)};
}

}  // namespace bench
