#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "database/postgres/rights.hpp"

namespace bench {

using ObjectName = std::pair<std::string, std::string>;  ///< schema and name
std::set<ObjectName> object_names(const std::vector<Relation>& relations);

/// Who may do what in one database at one moment, its owners aside: on its tables and the like, schemas and
/// on the database itself, and what new ones get.
struct AllRights {
  std::set<ObjectName> relations;  ///< those there were
  std::vector<Grant> grants;
  std::vector<DefaultGrant> defaults;
};

AllRights read_all_rights(PostgresDatabase& database);

/// Takes every right in the database and gives these, in one transaction. Objects are known by their names;
/// those that there were none of get the usual rights, and roles that are gone get none.
void set_all_rights(PostgresDatabase& database, const AllRights& rights);

/// As from_json takes them; `grants` as saved_grants does.
nlohmann::json rights_json(const std::set<ObjectName>& relations, nlohmann::json grants,
                           const std::vector<DefaultGrant>& defaults);
void from_json(const nlohmann::json& json, AllRights& rights);

}  // namespace bench
