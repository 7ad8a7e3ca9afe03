#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "database/postgres/connection.hpp"

namespace bench {

/// What one role owns in a database.
struct OwnedObject {
  std::string type;      ///< "materialized view": as ALTER calls it
  std::string identity;  ///< "public.f(integer)"
  std::string role;
  bool operator==(const OwnedObject&) const = default;
};

/// What belongs to others than the owner of most objects: tables and the like, functions, types, schemas and
/// publications.
std::vector<OwnedObject> objects_of_others(PostgresDatabase& database);

/// Gives them to those roles again. What is gone, or what the account may not give away, stays with its
/// owner. Whoever owns a function or view lends it his rights: only for content that is known to be the
/// database's own.
void give_to_others(PostgresDatabase& database, const std::vector<OwnedObject>& objects);

void to_json(nlohmann::json& json, const OwnedObject& object);
void from_json(const nlohmann::json& json, OwnedObject& object);

}  // namespace bench
