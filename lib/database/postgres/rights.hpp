#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "database/postgres/connection.hpp"

namespace bench {

/// Rights that one role gave another on one object.
struct Grant {
  std::string kind;  ///< "table" (views and the like included), "sequence", "column", "schema" or "database"
  std::int64_t oid = 0;  ///< of the object; a column's is its table's
  std::string schema;    ///< empty for a schema or database
  std::string name;
  std::int64_t column_number = 0;
  std::string column;
  std::string grantor;  ///< empty: the object's owner
  std::string grantee;  ///< empty: PUBLIC
  bool grantable = false;
  std::string privileges;  ///< "INSERT, UPDATE"
};

/// Rights that new objects of a role get (pg_default_acl), by what they differ in from PostgreSQL's own: all
/// for the role itself, and for PUBLIC the execution of functions and the use of types.
struct DefaultGrant {
  std::string role;
  std::string schema;  ///< empty: in all of them
  std::string kind;    ///< "TABLES", "SEQUENCES", "FUNCTIONS", "TYPES" or "SCHEMAS"
  std::string grantee;
  bool grantable = false;
  std::string privileges;
  bool is_withheld = false;  ///< PostgreSQL would give them
};

/// A table, view, sequence or the like of the site.
struct Relation {
  std::int64_t oid = 0;
  std::string schema;
  std::string name;
  std::string owner;
  bool is_sequence = false;
};

/// `writing`: the rights to change something, as far as they belong to one of the roles (or to PUBLIC), or
/// were given by one of them. `all`: every right of everybody but the owner.
enum class Rights { writing, all };

std::vector<Relation> read_relations(PostgresDatabase& database);
std::vector<Grant> read_grants(PostgresDatabase& database, Rights rights, const std::string& app);
/// All of them, parted into those of Rights::writing and the others, in one look: lists of grants as JSON
/// text, which the server makes faster than they are read one by one.
struct PartedGrants {
  std::string writing;
  std::string others;
};
PartedGrants read_parted_grants(PostgresDatabase& database, const std::string& app);
/// `writing`: on tables, sequences and schemas.
std::vector<DefaultGrant> read_default_grants(PostgresDatabase& database, Rights rights,
                                              const std::string& app);

/// The statements, as few as can be, that give or take the rights; objects are named as the grants name them.
/// A statement that must run as another role than the object's owner follows a SET LOCAL ROLE.
enum class Change { give, take };
std::vector<std::string> statements_for(const std::vector<Grant>& grants, Change change);
std::vector<std::string> statements_for(const std::vector<DefaultGrant>& grants, Change change);

/// What an app account usually has, as new-site gives it.
inline constexpr std::string_view usual_table_rights = "DELETE, INSERT, SELECT, TRUNCATE, UPDATE";
inline constexpr std::string_view usual_sequence_rights = "SELECT, UPDATE, USAGE";

/// What the default rights give on a relation that is made now.
std::vector<Grant> usual_grants(const Relation& relation, const std::vector<DefaultGrant>& defaults);

void to_json(nlohmann::json& json, const Grant& grant);
void from_json(const nlohmann::json& json, Grant& grant);
/// Grants as they were saved: a list, or the text of one as PartedGrants holds it.
std::vector<Grant> saved_grants(const nlohmann::json& saved);
void to_json(nlohmann::json& json, const DefaultGrant& grant);
void from_json(const nlohmann::json& json, DefaultGrant& grant);

/// The roles that the account can act as, itself included, as a subquery of oids; `?` is the account's name.
/// PUBLIC is 0.
inline constexpr std::string_view roles_of_account =
    "(WITH RECURSIVE mine(oid) AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ? UNION "
    "SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN mine ON mine.oid = m.member) SELECT oid FROM "
    "mine)";

/// Schemas that are the site's and not the server's, for a WHERE.
inline constexpr std::string_view is_site_schema =
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

}  // namespace bench
