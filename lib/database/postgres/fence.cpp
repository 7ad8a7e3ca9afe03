#include "database/postgres/fence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/time.hpp"
#include "database/admin_account.hpp"
#include "database/postgres/all_rights.hpp"
#include "database/postgres/drain.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/preflight.hpp"
#include "database/postgres/proof.hpp"
#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

std::int64_t database_oid(PostgresDatabase& database) {
  return to_integer(
      database.value("SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()"));
}

nlohmann::json names_of(const std::vector<Relation>& relations) {
  nlohmann::json names = nlohmann::json::array();
  for (const Relation& relation : relations) names.push_back({relation.oid, relation.schema, relation.name});
  return names;
}

void run_all(PostgresDatabase& database, const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) database.execute(statement);
}

void refuse_prepared(PostgresDatabase& admin, const SiteDatabase& site) {
  const auto prepared = prepared_transactions(admin);
  if (prepared.empty()) return;
  throw Error(Kind::busy,
              fmt::format("{}: a prepared transaction can be committed at any time: {}", describe(site.app),
                          fmt::join(prepared, ", ")),
              "COMMIT PREPARED it or ROLLBACK PREPARED it");
}

void prove(PostgresDatabase& admin, const SiteDatabase& site) {
  const auto writable = still_writable(admin, site.app.user);
  if (writable.empty()) return;
  throw Error(Kind::database,
              fmt::format("{}: the app account can still write although its rights were taken: {}",
                          describe(site.app), fmt::join(writable, ", ")),
              "look at who granted those rights (\\dp in psql)");
}

// A session's first look at each object, and at each column, takes it longer than what it does with it
// afterwards.
void get_to_know(PostgresDatabase& admin, const std::string& app) {
  prepare_to_drain(admin);
  read_parted_grants(admin, app);
  still_writable(admin, app);
  for (const Rights rights : {Rights::writing, Rights::all}) read_default_grants(admin, rights, app);
  admin.query(
      fmt::format("SELECT count(pg_catalog.to_regclass(quote_ident(n.nspname) || '.' || "
                  "quote_ident(c.relname))) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                  "ON n.oid = c.relnamespace WHERE {}",
                  is_site_schema));
  admin.query(
      fmt::format("SELECT count(pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, t.attrelid, "
                  "t.attnum)) FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = "
                  "t.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN "
                  "('r', 'p', 'f') AND {}",
                  is_site_schema));
}

/// Gives back what a fence took, in the database as it is now.
class Lift {
 public:
  Lift(PostgresDatabase& admin, const nlohmann::json& inverse)
      : m_admin(admin),
        m_inverse(inverse),
        m_relations(read_relations(admin)),
        m_roles(names(admin, "SELECT rolname FROM pg_catalog.pg_roles")),
        m_schemas(names(admin, "SELECT nspname FROM pg_catalog.pg_namespace")) {}
  std::vector<std::string> run();

 private:
  const Relation* find(const Grant& grant) const;
  std::optional<std::string> column_now(const Grant& grant, const Relation& relation);
  void add_saved(const Grant& grant);
  void add_usual(const std::vector<DefaultGrant>& defaults);
  static std::set<std::string> names(PostgresDatabase& admin, std::string_view query);
  bool role_exists(const std::string& role) const { return role.empty() || m_roles.contains(role); }
  bool schema_exists(const std::string& schema) const { return schema.empty() || m_schemas.contains(schema); }
  void give(const std::vector<std::string>& statements);

  PostgresDatabase& m_admin;
  const nlohmann::json& m_inverse;
  std::vector<Relation> m_relations;
  std::set<std::string> m_roles;
  std::set<std::string> m_schemas;
  bool m_same_database = true;
  std::vector<Grant> m_grants;
  std::vector<std::string> m_not_put_back;
};

// In the same database an object is known by its number, so that it may have been renamed. One that was made
// anew, or came with another database, is known by its name.
const Relation* Lift::find(const Grant& grant) const {
  if (m_same_database) {
    const auto same = std::ranges::find(m_relations, grant.oid, &Relation::oid);
    if (same != m_relations.end()) return &*same;
  }
  const auto named = std::ranges::find_if(m_relations, [&grant](const Relation& relation) {
    return relation.schema == grant.schema && relation.name == grant.name;
  });
  return named == m_relations.end() ? nullptr : &*named;
}

std::optional<std::string> Lift::column_now(const Grant& grant, const Relation& relation) {
  const bool by_number = m_same_database && relation.oid == grant.oid;
  const std::vector<Value> parameters{relation.oid,
                                      by_number ? Value(grant.column_number) : Value(grant.column)};
  const auto rows = m_admin.query(
      fmt::format("SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ? AND {} = ? AND "
                  "attnum > 0 AND NOT attisdropped",
                  by_number ? "attnum" : "attname"),
      parameters);
  return rows.empty() ? std::nullopt : std::optional(to_text(rows[0][0]));
}

std::set<std::string> Lift::names(PostgresDatabase& admin, std::string_view query) {
  std::set<std::string> found;
  for (const Row& row : admin.query(query)) found.insert(to_text(row[0]));
  return found;
}

void Lift::add_saved(const Grant& saved) {
  const auto gone = [&](std::string_view what) {
    m_not_put_back.push_back(fmt::format("{} on {} {} could not be given back to {}: {}", saved.privileges,
                                         saved.kind,
                                         saved.schema.empty() ? saved.name : saved.schema + "." + saved.name,
                                         saved.grantee.empty() ? "PUBLIC" : saved.grantee, what));
  };
  Grant grant = saved;
  if (grant.kind == "schema" && !schema_exists(grant.name)) return gone("the schema is gone");
  if (grant.kind == "table" || grant.kind == "sequence" || grant.kind == "column") {
    const Relation* relation = find(saved);
    if (relation == nullptr) return gone("it is gone");
    grant.schema = relation->schema;
    grant.name = relation->name;
    if (grant.kind == "column") {
      const auto column = column_now(saved, *relation);
      if (!column) return gone(fmt::format("its column {} is gone", saved.column));
      grant.column = *column;
    } else {
      grant.kind = relation->is_sequence ? "sequence" : "table";
    }
  }
  m_grants.push_back(grant);
}

// What was made in the window, or came with a restored database, gets what it would have got without one.
void Lift::add_usual(const std::vector<DefaultGrant>& defaults) {
  std::set<std::int64_t> oids;
  std::set<std::pair<std::string, std::string>> names;
  for (const nlohmann::json& relation : m_inverse.at("relations")) {
    oids.insert(relation.at(0).get<std::int64_t>());
    names.emplace(relation.at(1).get<std::string>(), relation.at(2).get<std::string>());
  }
  for (const Relation& relation : m_relations) {
    if (names.contains({relation.schema, relation.name})) continue;
    if (m_same_database && oids.contains(relation.oid)) continue;
    for (Grant& grant : usual_grants(relation, defaults)) m_grants.push_back(std::move(grant));
  }
}

void Lift::give(const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) {
    try {
      Savepoint savepoint(m_admin, "bench_lift");
      m_admin.execute(statement);
      savepoint.release();
    } catch (const Error& error) {
      const bool is_denied = error.sqlstate() == insufficient_privilege;
      if (error.kind() != Kind::statement || is_denied) throw;
      m_not_put_back.push_back(fmt::format("{}: {}", statement, error.what()));
    }
  }
}

std::vector<std::string> Lift::run() {
  m_same_database = database_oid(m_admin) == m_inverse.at("database_oid").get<std::int64_t>();
  std::set<std::string> missing;
  const auto has_role = [&](const std::string& role) {
    if (role_exists(role)) return true;
    if (missing.insert(role).second)
      m_not_put_back.push_back(
          fmt::format("the rights of '{}' could not be given back: the account is gone", role));
    return false;
  };
  std::vector<DefaultGrant> defaults;
  for (const DefaultGrant& grant : m_inverse.at("defaults").get<std::vector<DefaultGrant>>())
    if (has_role(grant.grantee) && has_role(grant.role) && schema_exists(grant.schema))
      defaults.push_back(grant);
  for (const Grant& grant : saved_grants(m_inverse.at("grants")))
    if (has_role(grant.grantee) && has_role(grant.grantor)) add_saved(grant);
  add_usual(defaults);
  Transaction transaction(m_admin);
  give(statements_for(m_grants, Change::give));
  give(statements_for(defaults, Change::give));
  transaction.commit();
  return std::move(m_not_put_back);
}

}  // namespace

// One serves from the preflight to the lift, unless a hook or the run takes long, or the server ends it.
PostgresDatabase& PostgresFence::admin() {
  if (m_admin && (m_rest.elapsed() > longest_rest || !m_admin->is_alive())) m_admin.reset();
  if (!m_admin) {
    m_admin = std::make_unique<PostgresDatabase>(*m_site.admin, ConnectOptions{},
                                                 PostgresDatabase::WorksAs::itself);
    m_admin->keep_plans();
  }
  m_rest = Stopwatch();
  return *m_admin;
}

std::vector<std::string> PostgresFence::preflight() {
  // With the account's own rights: the owner role does not see others' statements.
  if (m_site.admin) return postgres_preflight(m_site, admin());
  PostgresDatabase app(m_site.app, {}, PostgresDatabase::WorksAs::itself);
  return postgres_preflight(m_site, app);
}

// What is saved is read in the transaction that takes it, and is durable before that commits; what could not
// be taken is not saved.
nlohmann::json PostgresFence::take_rights(PostgresDatabase& admin,
                                          const std::function<void(const nlohmann::json&)>& save) {
  Transaction transaction(admin);
  const auto relations = read_relations(admin);
  // Kept as the texts they are, which takes less than to make them lists and texts again.
  const PartedGrants parted = read_parted_grants(admin, m_site.app.user);
  const std::vector<Grant> grants = saved_grants(parted.writing);
  nlohmann::json others = parted.others;
  const auto defaults = read_default_grants(admin, Rights::writing, m_site.app.user);
  nlohmann::json inverse{{"database_oid", database_oid(admin)},
                         {"relations", names_of(relations)},
                         {"grants", parted.writing},
                         {"defaults", defaults}};
  run_all(admin, statements_for(defaults, Change::take));
  run_all(admin, statements_for(grants, Change::take));
  // What was handed on goes with what it was handed on from.
  if (std::ranges::any_of(grants, &Grant::grantable)) others = read_grants(admin, Rights::all, "");
  inverse["fenced"] =
      rights_json(object_names(relations), std::move(others), read_default_grants(admin, Rights::all, ""));
  inverse["owners"] = m_owners;
  save(inverse);
  transaction.commit();
  return inverse;
}

std::optional<std::string> PostgresFence::why_not() {
  if (auto reason = why_postgres_cannot_fence(m_site)) return reason;
  return why_postgres_cannot_fence(m_site, admin());
}

void PostgresFence::prepare() {
  m_is_prepared = true;
  m_obstacle = why_not();
  if (m_obstacle) return;
  refuse_prepared(admin(), m_site);
  m_owners = objects_of_others(admin());
  get_to_know(admin(), m_site.app.user);
}

FenceReport PostgresFence::enter(const FenceOptions& options,
                                 const std::function<void(const nlohmann::json&)>& save) {
  if (!m_is_prepared) prepare();
  m_is_prepared = false;
  FenceReport report;
  if (m_obstacle) {
    report.gaps = {*m_obstacle};
    return report;
  }
  PostgresDatabase& connection = admin();
  nlohmann::json saved = nlohmann::json::array();
  try {
    saved.push_back(take_rights(connection, save));
    const Stopwatch stopwatch;
    report.ended_sessions = drain_writers(connection, options, m_run);
    report.drain = stopwatch.elapsed();
    // A writer may have left one behind while it was waited for.
    refuse_prepared(connection, m_site);
    prove(connection, m_site);
    report.gaps = report.ways_to_write = open_ways(m_site, connection);
  } catch (const Error& error) {
    const auto lost = give_up(saved);
    if (lost.empty()) throw;
    throw Error(error.kind(),
                fmt::format("{}; what could not be given back: {}", error.what(), fmt::join(lost, "; ")),
                error.hint());
  }
  report.level = report.gaps.empty() ? FenceLevel::database : FenceLevel::database_with_gaps;
  return report;
}

std::vector<std::string> PostgresFence::give_up(const nlohmann::json& saved) try {
  return lift(saved);
} catch (const Error& error) {
  // As busy or interrupted it would say that nothing is left changed.
  throw error.with_kind(Kind::database);
}

std::vector<std::string> PostgresFence::ways_to_write() {
  if (const auto reason = why_not()) return {*reason};
  PostgresDatabase& connection = admin();
  std::vector<std::string> ways = open_ways(m_site, connection);
  if (const auto writable = still_writable(connection, m_site.app.user); !writable.empty())
    ways.push_back(
        fmt::format("the app account '{}' may change {}", m_site.app.user, fmt::join(writable, ", ")));
  return ways;
}

// A swap gives the objects the rights that those of their names had last, after what a run did to them, and
// all of them to one owner.
std::vector<std::string> PostgresFence::restore_rights(const nlohmann::json& saved) {
  for (const nlohmann::json& inverse : saved) {
    // Before the rights: an owner's own go with what is owned.
    if (inverse.contains("owners"))
      give_to_others(admin(), inverse.at("owners").get<std::vector<OwnedObject>>());
    if (inverse.contains("fenced")) set_all_rights(admin(), inverse.at("fenced").get<AllRights>());
  }
  return {};
}

std::optional<std::string> PostgresFence::lost_rights() {
  if (why_not() || read_relations(admin()).empty() || !still_writable(admin(), m_site.app.user).empty())
    return std::nullopt;
  return fmt::format("GRANT {} on its tables and GRANT {} on its sequences, those to come included, to '{}'",
                     usual_table_rights, usual_sequence_rights, m_site.app.user);
}

void PostgresFence::give_usual_rights() {
  const std::string& app = m_site.app.user;
  const std::string owner = admin().owner_of_objects();
  const std::vector<DefaultGrant> defaults{
      {owner, "", "TABLES", app, false, std::string(usual_table_rights)},
      {owner, "", "SEQUENCES", app, false, std::string(usual_sequence_rights)}};
  // A site without any: then each gets what one that is made now would get.
  const nlohmann::json inverse{{"database_oid", database_oid(admin())},
                               {"relations", nlohmann::json::array()},
                               {"grants", nlohmann::json::array()},
                               {"defaults", defaults}};
  lift(nlohmann::json::array({inverse}));
}

std::vector<std::string> PostgresFence::lift(const nlohmann::json& saved) {
  std::vector<std::string> not_put_back;
  if (saved.empty()) return not_put_back;
  require_admin(m_site, fmt::format("giving back the rights of {} on {}", m_site.app.user, m_site.app.name));
  for (const nlohmann::json& inverse : saved)
    for (std::string& sentence : Lift(admin(), inverse).run()) not_put_back.push_back(std::move(sentence));
  return not_put_back;
}

}  // namespace bench
