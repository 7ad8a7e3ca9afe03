#include "database/postgres/all_rights.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

constexpr std::string_view missing_schema = "3F000";  // invalid_schema_name

std::set<std::string> role_names(PostgresDatabase& database) {
  std::set<std::string> names{""};
  for (const Row& row : database.query("SELECT rolname FROM pg_catalog.pg_roles"))
    names.insert(to_text(row[0]));
  return names;
}

/// Gives a database, which has none, the rights.
class Giving {
 public:
  Giving(PostgresDatabase& database, const AllRights& rights)
      : m_database(database),
        m_rights(rights),
        m_relations(read_relations(database)),
        m_names(object_names(m_relations)),
        m_roles(role_names(database)) {}

  void run() {
    std::vector<Grant> grants;
    for (const Grant& grant : m_rights.grants)
      if (m_roles.contains(grant.grantee) && m_roles.contains(grant.grantor) && has_object(grant))
        grants.push_back(grant);
    std::vector<DefaultGrant> defaults;
    for (const DefaultGrant& grant : m_rights.defaults)
      if (m_roles.contains(grant.grantee) && m_roles.contains(grant.role)) defaults.push_back(grant);
    for (const Relation& relation : m_relations)
      if (!m_rights.relations.contains({relation.schema, relation.name}))
        for (Grant& grant : usual_grants(relation, defaults)) grants.push_back(std::move(grant));
    for (const std::string& statement : statements_for(grants, Change::give)) m_database.execute(statement);
    for (const std::string& statement : statements_for(defaults, Change::give)) run_if_it_can(statement);
  }

 private:
  bool has_object(const Grant& grant) {
    if (grant.kind == "database") return true;
    if (grant.kind == "schema") {
      const std::vector<Value> name{grant.name};
      return !m_database.query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?", name).empty();
    }
    if (!m_names.contains({grant.schema, grant.name})) return false;
    if (grant.kind != "column") return true;
    const std::vector<Value> column{quote_name(grant.schema, grant.name), grant.column};
    return !m_database
                .query(
                    "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = ?::text::regclass AND attname = "
                    "? AND NOT attisdropped",
                    column)
                .empty();
  }

  // A schema that the database does not have needs no default rights; those of a role of others only a
  // superuser may give, which restore_limits has said.
  void run_if_it_can(const std::string& statement) {
    try {
      Savepoint savepoint(m_database, "bench_rights");
      m_database.execute(statement);
      savepoint.release();
    } catch (const Error& error) {
      if (error.sqlstate() != missing_schema && error.sqlstate() != insufficient_privilege) throw;
    }
  }

  PostgresDatabase& m_database;
  const AllRights& m_rights;
  std::vector<Relation> m_relations;
  std::set<ObjectName> m_names;
  std::set<std::string> m_roles;
};

}  // namespace

std::set<ObjectName> object_names(const std::vector<Relation>& relations) {
  std::set<ObjectName> names;
  for (const Relation& relation : relations) names.emplace(relation.schema, relation.name);
  return names;
}

AllRights read_all_rights(PostgresDatabase& database) {
  return {.relations = object_names(read_relations(database)),
          .grants = read_grants(database, Rights::all, ""),
          .defaults = read_default_grants(database, Rights::all, "")};
}

void set_all_rights(PostgresDatabase& database, const AllRights& rights) {
  Transaction transaction(database);
  const AllRights present = read_all_rights(database);
  for (const auto& statements :
       {statements_for(present.grants, Change::take), statements_for(present.defaults, Change::take)})
    for (const std::string& statement : statements) database.execute(statement);
  Giving(database, rights).run();
  transaction.commit();
}

nlohmann::json rights_json(const std::set<ObjectName>& relations, nlohmann::json grants,
                           const std::vector<DefaultGrant>& defaults) {
  return {{"relations", relations}, {"grants", std::move(grants)}, {"defaults", defaults}};
}

void from_json(const nlohmann::json& json, AllRights& rights) {
  rights = {.relations = json.at("relations").get<std::set<ObjectName>>(),
            .grants = saved_grants(json.at("grants")),
            .defaults = json.at("defaults").get<std::vector<DefaultGrant>>()};
}

}  // namespace bench
