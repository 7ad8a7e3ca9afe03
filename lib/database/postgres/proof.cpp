#include "database/postgres/proof.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

// Whoever owns an object, or can become its owner with SET ROLE, gives himself back what was taken.
std::vector<std::string> owned_by_app(PostgresDatabase& admin, const std::string& app) {
  const std::vector<Value> parameters{app, app, app};
  return first_column(admin.query(
      fmt::format(
          "SELECT 'database ' || datname FROM pg_catalog.pg_database WHERE datname = current_database() "
          "AND datdba IN {0} UNION ALL SELECT 'schema ' || n.nspname FROM pg_catalog.pg_namespace n WHERE "
          "{1} AND n.nspowner IN {0} UNION ALL (SELECT n.nspname || '.' || c.relname FROM "
          "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind "
          "IN ('r', 'p', 'v', 'm', 'f', 'S') AND {1} AND c.relowner IN {0} ORDER BY 1)",
          roles_of_account, is_site_schema),
      parameters));
}

std::vector<std::string> mighty_roles(PostgresDatabase& admin, const std::string& app) {
  const std::vector<Value> parameters{app};
  return first_column(admin.query(
      fmt::format("SELECT rolname FROM pg_catalog.pg_roles WHERE oid IN {} AND (rolsuper OR rolname = "
                  "'pg_write_all_data') ORDER BY 1",
                  roles_of_account),
      parameters));
}

void add_definer_functions(std::vector<std::string>& ways, PostgresDatabase& admin, const std::string& app) {
  const std::vector<Value> parameters{app, app};
  const auto names = first_column(admin.query(
      fmt::format(
          "SELECT n.nspname || '.' || p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
          "ON n.oid = p.pronamespace WHERE p.prosecdef AND {} AND p.prorettype <> "
          "'pg_catalog.trigger'::regtype AND p.proowner NOT IN {} AND "
          "pg_catalog.has_function_privilege(?, p.oid, 'EXECUTE') ORDER BY 1",
          is_site_schema, roles_of_account),
      parameters));
  if (!names.empty())
    ways.push_back(fmt::format(
        "functions that run with their owner's rights (SECURITY DEFINER) can write: {}", some_of(names)));
}

// Rights on the site's objects, as far as they are somebody's who can log in and is neither the app, nor we,
// nor a superuser.
void add_other_accounts(std::vector<std::string>& ways, PostgresDatabase& admin, const std::string& app) {
  const std::vector<Value> parameters{app};
  const auto names = first_column(admin.query(
      fmt::format(
          "WITH writing(role) AS (SELECT a.grantee FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace "
          "n ON n.oid = c.relnamespace, LATERAL aclexplode(c.relacl) a WHERE {0} AND a.privilege_type IN "
          "('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') OR {0} AND c.relkind = 'S' AND a.privilege_type = "
          "'USAGE' UNION SELECT a.grantee FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid "
          "= "
          "t.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, LATERAL aclexplode(t.attacl) "
          "a "
          "WHERE {0} AND a.privilege_type IN ('INSERT', 'UPDATE') UNION SELECT a.grantee FROM "
          "pg_catalog.pg_namespace n, LATERAL aclexplode(n.nspacl) a WHERE {0} AND a.privilege_type = "
          "'CREATE' "
          "UNION SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE {0} UNION SELECT c.relowner FROM "
          "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
          "c.relnamespace WHERE {0} AND c.relkind IN ('r', 'p') UNION SELECT oid FROM pg_catalog.pg_roles "
          "WHERE rolname = 'pg_write_all_data') "
          "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND NOT r.rolsuper AND "
          "r.rolname NOT IN (?, session_user) AND pg_catalog.has_database_privilege(r.oid, "
          "current_database(), 'CONNECT') AND EXISTS (SELECT 1 FROM writing w WHERE w.role <> 0 AND "
          "pg_catalog.pg_has_role(r.oid, w.role, 'MEMBER')) ORDER BY 1",
          is_site_schema),
      parameters));
  for (const std::string& name : names)
    ways.push_back(fmt::format("the account '{}' can write too, with rights of its own", name));
}

}  // namespace

std::optional<std::string> why_postgres_cannot_fence(const SiteDatabase& site) {
  if (!site.admin || site.admin->user == site.app.user)
    return "nobody named an account other than the app's, so that nothing can be taken from it: whoever "
           "ignores "
           "maintenance_mode can write";
  return std::nullopt;
}

std::optional<std::string> why_postgres_cannot_fence(const SiteDatabase& site, PostgresDatabase& admin) {
  const std::string& app = site.app.user;
  const auto mighty = mighty_roles(admin, app);
  if (!mighty.empty())
    return fmt::format("the app account '{}' may write everywhere, as {}, whatever is taken from it", app,
                       some_of(mighty));
  const auto owned = owned_by_app(admin, app);
  if (!owned.empty())
    return fmt::format(
        "the app account '{}' owns what it writes to ({}) and could give itself back every right", app,
        some_of(owned));
  return std::nullopt;
}

std::vector<std::string> open_ways(const SiteDatabase& site, PostgresDatabase& admin) {
  const std::string& app = site.app.user;
  std::vector<std::string> ways;
  add_definer_functions(ways, admin, app);
  add_other_accounts(ways, admin, app);
  const std::vector<Value> parameters{app};
  // Who may connect may make one, and write what he made; only their functions could be refused him, and with
  // those the reading of them.
  if (!admin.query("SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1").empty())
    ways.emplace_back(
        "this database holds large objects, which everybody can make and their owners can write");
  if (!admin
           .query(fmt::format("SELECT 1 FROM pg_catalog.pg_roles WHERE rolcreaterole AND oid IN {}",
                              roles_of_account),
                  parameters)
           .empty())
    ways.push_back(fmt::format("the app account '{}' may create roles, and so can become the owner", app));
  return ways;
}

// A right on a column can stand alone only where the column has rights of its own: asking for every column of
// every table takes longer than all the rest.
std::vector<std::string> still_writable(PostgresDatabase& admin, const std::string& app) {
  const std::vector<Value> parameters{app};
  return first_column(admin.query(
      fmt::format(
          "WITH app AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ?) "
          "SELECT n.nspname || '.' || c.relname FROM app, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace "
          "n "
          "ON n.oid = c.relnamespace WHERE {0} AND CASE WHEN c.relkind = 'S' THEN "
          "pg_catalog.has_sequence_privilege(app.oid, c.oid, 'USAGE, UPDATE') WHEN c.relkind IN ('r', 'p', "
          "'v', "
          "'m', 'f') THEN pg_catalog.has_table_privilege(app.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, "
          "TRIGGER') OR EXISTS (SELECT 1 FROM pg_catalog.pg_attribute t WHERE t.attrelid = c.oid AND "
          "t.attacl "
          "IS NOT NULL AND NOT t.attisdropped AND pg_catalog.has_column_privilege(app.oid, c.oid, t.attnum, "
          "'INSERT, UPDATE')) ELSE false END "
          "UNION ALL SELECT 'schema ' || n.nspname FROM app, pg_catalog.pg_namespace n WHERE {0} AND "
          "pg_catalog.has_schema_privilege(app.oid, n.oid, 'CREATE') UNION ALL SELECT 'the database' FROM "
          "app "
          "WHERE pg_catalog.has_database_privilege(app.oid, current_database(), 'CREATE') ORDER BY 1",
          is_site_schema),
      parameters));
}

}  // namespace bench
