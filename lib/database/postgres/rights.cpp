#include "database/postgres/rights.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "database/postgres/text.hpp"

namespace bench {

namespace {

/// What changes something; SELECT, USAGE of a schema, CONNECT and temporary tables do not.
constexpr std::string_view writes_tables =
    "'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'";
constexpr std::string_view writes_sequences = "'USAGE', 'UPDATE'";

/// Columns of every branch: kind, oid, schema, name, column_number, column_name, owner, is_writing, and the
/// four of aclexplode.
std::string every_grant() {
  return fmt::format(
      "SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, c.oid, n.nspname AS schema, "
      "c.relname AS name, 0 AS number, '' AS attribute, c.relowner AS owner, CASE c.relkind WHEN 'S' THEN "
      "a.privilege_type IN ({0}) ELSE a.privilege_type IN ({1}) END AS writing, a.* FROM pg_catalog.pg_class "
      "c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a "
      "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relacl IS NOT NULL AND {2} "
      "UNION ALL SELECT 'column', c.oid, n.nspname, c.relname, t.attnum, t.attname, c.relowner, "
      "a.privilege_type "
      "IN ({1}), a.* FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(t.attacl) a WHERE t.attacl "
      "IS NOT NULL AND {2} AND NOT t.attisdropped "
      "UNION ALL SELECT 'schema', n.oid, '', n.nspname, 0, '', n.nspowner, a.privilege_type = 'CREATE', a.* "
      "FROM pg_catalog.pg_namespace n, LATERAL aclexplode(n.nspacl) a WHERE {2} "
      "UNION ALL SELECT 'database', d.oid, '', d.datname, 0, '', d.datdba, a.privilege_type = 'CREATE', a.* "
      "FROM pg_catalog.pg_database d, LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a "
      "WHERE d.datname = current_database()",
      writes_sequences, writes_tables, is_site_schema);
}

std::string privileges_text(std::string_view column) {
  return fmt::format("string_agg({0}, ', ' ORDER BY {0})", column);
}

std::string grantee_name(const std::string& grantee) {
  return grantee.empty() ? "PUBLIC" : quote_name(grantee);
}

std::string object_of(const Grant& grant) {
  return grant.schema.empty() ? quote_name(grant.name) : quote_name(grant.schema, grant.name);
}

/// "INSERT (a), UPDATE (a)": the column stands behind each right.
std::string privileges_of(const Grant& grant) {
  if (grant.kind != "column") return grant.privileges;
  const std::string column = " (" + quote_name(grant.column) + ")";
  std::string text = grant.privileges + column;
  for (std::size_t at = 0; (at = text.find(", ", at)) != std::string::npos; at += column.size() + 2)
    text.insert(at, column);
  return text;
}

std::string object_type(const Grant& grant) {
  if (grant.kind == "column") return "TABLE";
  std::string type = grant.kind;
  for (char& letter : type) letter = static_cast<char>(letter - 'a' + 'A');
  return type;
}

std::string change_text(Change change, const std::string& privileges, const std::string& what,
                        const std::string& grantee, bool grantable) {
  if (change == Change::give)
    return fmt::format("GRANT {} ON {} TO {}{}", privileges, what, grantee_name(grantee),
                       grantable ? " WITH GRANT OPTION" : "");
  return fmt::format("REVOKE {} ON {} FROM {}", privileges, what, grantee_name(grantee));
}

}  // namespace

std::vector<Relation> read_relations(PostgresDatabase& database) {
  std::vector<Relation> relations;
  for (const Row& row : database.query(fmt::format(
           "SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner), c.relkind = 'S' FROM "
           "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind "
           "IN "
           "('r', 'p', 'v', 'm', 'f', 'S') AND {} ORDER BY c.oid",
           is_site_schema)))
    relations.push_back(
        {to_integer(row[0]), to_text(row[1]), to_text(row[2]), to_text(row[3]), to_integer(row[4]) == 1});
  return relations;
}

namespace {

// Rights::writing, as a condition that asks for the app's name twice.
std::string is_of_writing() {
  return fmt::format("g.writing AND (g.grantee = 0 OR g.grantee IN {0} OR g.grantor IN {0})",
                     roles_of_account);
}

// `part` is true or false for each right, and parts those of one object.
std::string grants_statement(std::string_view part, std::string_view wanted) {
  // What the owner gave comes first: others can only hand on what they got.
  return fmt::format(
      "SELECT g.kind, g.oid, g.schema, g.name, g.number, g.attribute, CASE WHEN g.grantor = g.owner THEN '' "
      "ELSE "
      "pg_catalog.pg_get_userbyid(g.grantor) END, CASE WHEN g.grantee = 0 THEN '' ELSE "
      "pg_catalog.pg_get_userbyid(g.grantee) END, g.is_grantable, {} AS part, {} FROM ({}) g WHERE g.grantee "
      "<> g.owner AND ({}) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY 7, 1, 2, 5, 8",
      part, privileges_text("g.privilege_type"), every_grant(), wanted);
}

Grant grant_of(const Row& row) {
  return {to_text(row[0]), to_integer(row[1]), to_text(row[2]), to_text(row[3]),         to_integer(row[4]),
          to_text(row[5]), to_text(row[6]),    to_text(row[7]), to_integer(row[8]) == 1, to_text(row[10])};
}

}  // namespace

std::vector<Grant> read_grants(PostgresDatabase& database, Rights rights, const std::string& app) {
  const bool all = rights == Rights::all;
  const std::vector<Value> names = all ? std::vector<Value>() : std::vector<Value>{app, app};
  std::vector<Grant> grants;
  for (const Row& row : database.query(grants_statement("false", all ? "true" : is_of_writing()), names))
    grants.push_back(grant_of(row));
  return grants;
}

PartedGrants read_parted_grants(PostgresDatabase& database, const std::string& app) {
  const std::vector<Value> names{app, app};
  // The order of to_json.
  constexpr std::string_view grant =
      "json_agg(json_build_array(kind, oid::bigint, schema, name, number, attribute, grantor, grantee, "
      "grantable, privileges))";
  const Row row =
      database
          .query(fmt::format(
                     "SELECT {0} FILTER (WHERE part), {0} FILTER (WHERE NOT part) FROM ({1}) g(kind, oid, "
                     "schema, name, number, attribute, grantor, grantee, grantable, part, privileges)",
                     grant, grants_statement(is_of_writing(), "true")),
                 names)
          .at(0);
  const auto list = [](const Value& text) { return is_null(text) ? "[]" : to_text(text); };
  return {.writing = list(row[0]), .others = list(row[1])};
}

namespace {

/// Columns: role, schema, kind, is_withheld, and the four of aclexplode.
std::string every_default_grant() {
  // One for a schema adds to what there is in all of them.
  constexpr std::string_view usual =
      "CASE WHEN d.defaclnamespace = 0 THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE "
      "d.defaclobjtype END, d.defaclrole) END";
  const auto difference = [](std::string_view is_withheld, std::string_view of, std::string_view from) {
    return fmt::format(
        "SELECT d.defaclrole AS role, coalesce(n.nspname, '') AS schema, d.defaclobjtype AS kind, {} AS "
        "withheld, "
        "a.* FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = "
        "d.defaclnamespace, "
        "LATERAL (SELECT * FROM aclexplode({}) EXCEPT SELECT * FROM aclexplode({})) a",
        is_withheld, of, from);
  };
  return difference("false", "d.defaclacl", usual) + " UNION ALL " + difference("true", usual, "d.defaclacl");
}

}  // namespace

std::vector<DefaultGrant> read_default_grants(PostgresDatabase& database, Rights rights,
                                              const std::string& app) {
  const std::string wanted = rights == Rights::all ? "true"
                                                   : fmt::format(
                                                         "NOT g.withheld AND g.grantee <> g.role AND "
                                                         "(g.grantee = 0 OR g.grantee IN {}) AND CASE g.kind "
                                                         "WHEN 'r' THEN g.privilege_type IN ({}) WHEN 'S' "
                                                         "THEN g.privilege_type IN ({}) ELSE g.kind = 'n' "
                                                         "AND g.privilege_type = 'CREATE' END",
                                                         roles_of_account, writes_tables, writes_sequences);
  std::vector<Value> parameters;
  if (rights == Rights::writing) parameters = {app};
  std::vector<DefaultGrant> grants;
  for (const Row& row : database.query(
           fmt::format(
               "SELECT pg_catalog.pg_get_userbyid(g.role), g.schema, CASE g.kind WHEN 'r' THEN 'TABLES' "
               "WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' "
               "END, CASE WHEN g.grantee = 0 THEN '' ELSE pg_catalog.pg_get_userbyid(g.grantee) END, "
               "g.is_grantable, {}, g.withheld FROM ({}) g WHERE g.kind IN ('r', 'S', 'f', 'T', 'n') AND "
               "{} GROUP BY 1, 2, 3, 4, 5, 7 ORDER BY 1, 2, 3, 4, 5",
               privileges_text("g.privilege_type"), every_default_grant(), wanted),
           parameters))
    grants.push_back({to_text(row[0]), to_text(row[1]), to_text(row[2]), to_text(row[3]),
                      to_integer(row[4]) == 1, to_text(row[5]), to_integer(row[6]) == 1});
  return grants;
}

std::vector<std::string> statements_for(const std::vector<Grant>& grants, Change change) {
  // Grantor, privileges, type, grantee, grantable; what only the object differs in goes into one statement.
  using Key = std::tuple<std::string, std::string, std::string, std::string, bool>;
  std::map<Key, std::string> objects;
  for (const Grant& grant : grants) {
    std::string& list = objects[{grant.grantor, privileges_of(grant), object_type(grant), grant.grantee,
                                 change == Change::give && grant.grantable}];
    if (!list.empty()) list += ", ";
    list += object_of(grant);
  }
  std::vector<std::string> statements;
  std::string role;
  for (const auto& [key, list] : objects) {
    const auto& [grantor, privileges, type, grantee, grantable] = key;
    if (grantor != role) statements.push_back("SET LOCAL ROLE " + quote_name(role = grantor));
    std::string text = change_text(change, privileges, fmt::format("{} {}", type, list), grantee, grantable);
    // Those that were handed on are saved and given back as well.
    statements.push_back(change == Change::take && grantor.empty() ? text + " CASCADE" : text);
  }
  if (!role.empty()) statements.emplace_back("SET LOCAL ROLE NONE");
  return statements;
}

std::vector<std::string> statements_for(const std::vector<DefaultGrant>& grants, Change change) {
  const Change opposite = change == Change::give ? Change::take : Change::give;
  std::vector<std::string> statements;
  for (const DefaultGrant& grant : grants)
    statements.push_back(fmt::format("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} {}", quote_name(grant.role),
                                     grant.schema.empty() ? "" : " IN SCHEMA " + quote_name(grant.schema),
                                     change_text(grant.is_withheld ? opposite : change, grant.privileges,
                                                 grant.kind, grant.grantee, grant.grantable)));
  return statements;
}

std::vector<Grant> usual_grants(const Relation& relation, const std::vector<DefaultGrant>& defaults) {
  std::vector<Grant> grants;
  for (const DefaultGrant& grant : defaults) {
    const bool applies = !grant.is_withheld && grant.role == relation.owner &&
                         (grant.schema.empty() || grant.schema == relation.schema) &&
                         grant.kind == (relation.is_sequence ? "SEQUENCES" : "TABLES");
    if (applies)
      grants.push_back({relation.is_sequence ? "sequence" : "table", relation.oid, relation.schema,
                        relation.name, 0, "", "", grant.grantee, grant.grantable, grant.privileges});
  }
  return grants;
}

// Arrays, because what is written while a site is closed should not name ten members for each table.
void to_json(nlohmann::json& json, const Grant& grant) {
  json = {grant.kind,   grant.oid,     grant.schema,  grant.name,      grant.column_number,
          grant.column, grant.grantor, grant.grantee, grant.grantable, grant.privileges};
}

void from_json(const nlohmann::json& json, Grant& grant) {
  grant = {json.at(0), json.at(1), json.at(2), json.at(3), json.at(4),
           json.at(5), json.at(6), json.at(7), json.at(8), json.at(9)};
}

std::vector<Grant> saved_grants(const nlohmann::json& saved) {
  const bool is_text = saved.is_string();
  return (is_text ? nlohmann::json::parse(saved.get_ref<const std::string&>()) : saved)
      .get<std::vector<Grant>>();
}

void to_json(nlohmann::json& json, const DefaultGrant& grant) {
  json = {grant.role,      grant.schema,     grant.kind,       grant.grantee,
          grant.grantable, grant.privileges, grant.is_withheld};
}

void from_json(const nlohmann::json& json, DefaultGrant& grant) {
  grant = {json.at(0), json.at(1), json.at(2), json.at(3), json.at(4), json.at(5), false};
  // Records of an older bench end there.
  if (json.size() > 6) grant.is_withheld = json.at(6);
}

}  // namespace bench
