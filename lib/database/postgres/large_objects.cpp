#include "database/postgres/large_objects.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

struct Right {
  std::string grantee;  ///< empty: PUBLIC
  std::string privilege;
  bool grantable = false;
};

struct LargeObject {
  std::string owner;
  std::vector<Right> rights;
};

std::map<std::int64_t, LargeObject> read_large_objects(PostgresDatabase& database) {
  std::map<std::int64_t, LargeObject> objects;
  for (const Row& row : database.query(
           "SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner), a.privilege_type, CASE WHEN a.grantee = 0 "
           "THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee) END, a.is_grantable FROM "
           "pg_catalog.pg_largeobject_metadata m LEFT JOIN LATERAL aclexplode(m.lomacl) a ON a.grantee <> "
           "m.lomowner ORDER BY 1, 3, 4")) {
    LargeObject& object = objects[to_integer(row[0])];
    object.owner = to_text(row[1]);
    if (!is_null(row[2]))
      object.rights.push_back({to_text(row[3]), to_text(row[2]), to_integer(row[4]) == 1});
  }
  return objects;
}

void give(PostgresDatabase& database, std::int64_t oid, const Right& right) {
  database.execute(fmt::format("GRANT {} ON LARGE OBJECT {} TO {}{}", right.privilege, oid,
                               right.grantee.empty() ? "PUBLIC" : quote_name(right.grantee),
                               right.grantable ? " WITH GRANT OPTION" : ""));
}

// Only a superuser, or a member of the new owner, may.
bool change_owner(PostgresDatabase& database, std::int64_t oid, const std::string& owner) {
  try {
    database.execute(fmt::format("ALTER LARGE OBJECT {} OWNER TO {}", oid, quote_name(owner)));
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != insufficient_privilege) throw;
    return false;
  }
}

}  // namespace

void hand_over_large_objects(PostgresDatabase& live, PostgresDatabase& scratch, const std::string& app) {
  const auto loaded = read_large_objects(scratch);
  if (loaded.empty()) return;
  const auto known = read_large_objects(live);
  for (const auto& [oid, object] : loaded) {
    const auto found = known.find(oid);
    const LargeObject wanted = found == known.end() ? LargeObject{.owner = app, .rights = {}} : found->second;
    for (const Right& right : wanted.rights) give(scratch, oid, right);
    if (object.owner != wanted.owner && !change_owner(scratch, oid, wanted.owner))
      give(scratch, oid, {wanted.owner, "SELECT, UPDATE", false});
  }
}

}  // namespace bench
