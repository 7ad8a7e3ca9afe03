#include "database/mariadb/findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/grants.hpp"
#include "database/mariadb/sessions.hpp"

namespace bench {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> names(MariadbDatabase& server, std::string_view query,
                               const std::vector<Value>& parameters) {
  std::vector<std::string> found;
  for (const Row& row : server.query(query, parameters)) found.push_back(to_text(row[0]));
  return found;
}

// Only rights that the account holds itself are looked at, not those of a role.
std::vector<std::string> missing_rights(MariadbDatabase& server, const std::string& database) {
  const std::string account = to_text(server.value("SELECT CURRENT_USER()"));
  const std::size_t at = account.rfind('@');
  const std::vector<Value> grantee{fmt::format("'{}'@'{}'", account.substr(0, at), account.substr(at + 1))};
  const auto global = names(
      server, "SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?", grantee);
  const auto has = [&global](std::string_view right) {
    return std::find(global.begin(), global.end(), right) != global.end();
  };
  std::vector<std::string> missing;
  for (const char* right : {"PROCESS", "RELOAD"})
    if (!has(right)) missing.emplace_back(right);
  if (!has("CONNECTION ADMIN") && !has("SUPER")) missing.emplace_back("CONNECTION ADMIN");
  const std::vector<Value> both{grantee[0], grantee[0], database};
  if (server
          .query("SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ? AND PRIVILEGE_TYPE = "
                 "'INSERT' AND IS_GRANTABLE = 'YES' UNION SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES "
                 "WHERE GRANTEE = ? AND PRIVILEGE_TYPE = 'INSERT' AND IS_GRANTABLE = 'YES' AND ? LIKE "
                 "TABLE_SCHEMA",
                 both)
          .empty())
    missing.push_back(fmt::format("ALL PRIVILEGES on {} WITH GRANT OPTION", database));
  try {
    server.query("SELECT 1 FROM mysql.db, mysql.roles_mapping LIMIT 1");
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    missing.emplace_back("SELECT on the schema mysql");
  }
  return missing;
}

void add_if_any(std::vector<std::string>& gaps, const std::vector<std::string>& found,
                std::string_view words) {
  if (!found.empty()) gaps.push_back(fmt::format("{}: {}", words, joined(found)));
}

std::vector<std::string> tables_of_other_engines(MariadbDatabase& server) {
  return names(
      server,
      "SELECT CONCAT(TABLE_NAME, ' (', ENGINE, ')') FROM information_schema.TABLES WHERE TABLE_SCHEMA "
      "= DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND ENGINE <> 'InnoDB' ORDER "
      "BY 1",
      {});
}

std::vector<std::string> prepared_transactions(MariadbDatabase& server) {
  std::vector<std::string> ids;
  for (const Row& row : server.query("XA RECOVER")) ids.push_back(to_text(row.at(3)));
  return ids;
}

}  // namespace

std::optional<std::string> why_not_enforceable(const SiteDatabase& database) {
  if (!database.admin)
    return "no admin account of the database server is known, so nothing but the app itself keeps its "
           "account from "
           "writing";
  if (database.admin->user == database.app.user)
    return fmt::format("the admin account is the app's own, {}: no account is left to refuse its writes",
                       database.app.user);
  return std::nullopt;
}

std::optional<std::string> why_not_enforceable(const SiteDatabase& database, MariadbDatabase& server) {
  const auto missing = missing_rights(server, database.app.name);
  if (!missing.empty())
    return fmt::format("the admin account {} lacks {}", database.admin->user, joined(missing));
  const auto rights = rights_beyond_the_database(server, database.app.name, database.app.user);
  if (!rights.empty())
    return fmt::format("the app account {} has {}, which one site's fence cannot take away",
                       database.app.user, joined(rights));
  return std::nullopt;
}

void refuse_shared_account(const SiteDatabase& database, MariadbDatabase& server) {
  const auto others = other_databases_of(server, database.app.name, database.app.user);
  if (others.empty()) return;
  throw Error(
      Kind::configuration,
      fmt::format("the account {} may also write to {}: to fence {} would end the others' sessions too",
                  database.app.user, joined(others), database.app.name),
      "give each site an account of its own");
}

// Views and triggers of the database itself are none: who can only read cannot make them write. Neither are
// events of the app account, whose rights they run with.
std::vector<std::string> fence_gaps(const SiteDatabase& database, MariadbDatabase& server) {
  const std::string& app = database.app.user;
  const std::vector<Value> definer{escaped_pattern(app) + "@%"};
  const std::vector<Value> named{fmt::format("%{}%", escaped_pattern(database.app.name))};
  const std::vector<Value> named_twice{named[0], named[0]};
  std::vector<std::string> gaps;
  add_if_any(gaps, other_writers(server, database.app.name, {app, database.admin->user}),
             "other accounts can write to the database");
  add_if_any(gaps, tables_of_other_engines(server),
             "tables without transactions keep half of a write that was ended");
  add_if_any(gaps, prepared_transactions(server), "prepared XA transactions can still be committed");
  add_if_any(
      gaps,
      names(server,
            "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND STATUS = "
            "'ENABLED' AND DEFINER NOT LIKE ? ORDER BY 1",
            definer),
      "enabled events of other accounts can write");
  add_if_any(
      gaps,
      names(server,
            "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND "
            "SECURITY_TYPE = 'DEFINER' AND DEFINER NOT LIKE ? ORDER BY 1",
            definer),
      "routines with the rights of another account (SQL SECURITY DEFINER) can write");
  add_if_any(
      gaps,
      names(server,
            "SELECT CONCAT(TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE "
            "TRIGGER_SCHEMA <> DATABASE() AND ACTION_STATEMENT LIKE ? UNION SELECT CONCAT(ROUTINE_SCHEMA, "
            "'.', ROUTINE_NAME) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN (DATABASE(), "
            "'sys', 'mysql') AND ROUTINE_DEFINITION LIKE ?",
            named_twice),
      "triggers and routines of other databases name this one and can write to it");
  return gaps;
}

std::vector<std::string> mariadb_preflight(const SiteDatabase& database, Database& connection) {
  auto& server = dynamic_cast<MariadbDatabase&>(connection);
  std::vector<std::string> findings;
  if (const auto reason = why_not_enforceable(database)) {
    findings.push_back(*reason);
  } else {
    refuse_shared_account(database, server);
    if (const auto lacking = why_not_enforceable(database, server))
      findings.push_back(*lacking);
    else
      findings = fence_gaps(database, server);
    for (const MariadbSession& session : lock_holders(server))
      if (session.seconds > 10)
        findings.push_back(fmt::format("a long transaction may hold the change up: {}", describe(session)));
  }
  add_if_any(findings,
             names(server,
                   "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "
                   "TABLE_TYPE = 'SYSTEM VERSIONED' ORDER BY 1",
                   {}),
             "backups hold only the present rows of tables with system versioning");
  return findings;
}

}  // namespace bench
