#include "database/mariadb/findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/grants.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/scratch.hpp"
#include "database/mariadb/sessions.hpp"
#include "database/mariadb/versioning.hpp"

namespace bench {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> names(MariadbDatabase& server, std::string_view query,
                               const std::vector<Value>& parameters = {}) {
  std::vector<std::string> found;
  for (const Row& row : server.query(query, parameters)) found.push_back(to_text(row[0]));
  return found;
}

// As information_schema names the session's account.
std::string grantee_of(MariadbDatabase& server) {
  const std::string account = to_text(server.value("SELECT CURRENT_USER()"));
  const std::size_t at = account.rfind('@');
  return fmt::format("'{}'@'{}'", account.substr(0, at), account.substr(at + 1));
}

// Only rights that the account holds itself are looked at, not those of a role.
std::vector<std::string> missing_rights(MariadbDatabase& server, const std::string& database) {
  const std::vector<Value> grantee{grantee_of(server)};
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

// Where a backup is restored to, before it takes the place of what is there.
std::optional<std::string> why_no_scratch(const SiteDatabase& database, MariadbDatabase& server) {
  const Value grantee = grantee_of(server);
  const std::vector<Value> parameters{grantee, grantee, database.app.name + "_bench_x"};
  if (!server
           .query("SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ? AND PRIVILEGE_TYPE = "
                  "'CREATE' UNION SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ? AND "
                  "PRIVILEGE_TYPE = 'CREATE' AND ? LIKE TABLE_SCHEMA",
                  parameters)
           .empty())
    return std::nullopt;
  return fmt::format(
      "A FAILED CHANGE COULD NOT BE UNDONE by itself, because the admin account may make no scratch "
      "database: "
      "{}",
      mariadb_scratch_grant(database, server));
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

namespace {

// The name before a dot, as a statement has it: a word that only looks like it is none.
std::string naming_pattern(const std::string& database) {
  return fmt::format(R"((^|[^0-9A-Za-z_$])`?\Q{}\E`?\s*\.)", database);
}

// Any of the app account's.
std::string definer_pattern(const SiteDatabase& database) {
  return escaped_pattern(database.app.user) + "@%";
}

// They run with the rights of who made them; those of the app account have none.
std::vector<std::string> events_of_others(const SiteDatabase& database, MariadbDatabase& server,
                                          AdminsEvents admins_events) {
  if (to_text(server.value("SELECT @@GLOBAL.event_scheduler")) != "ON") return {};
  const std::string own =
      admins_events == AdminsEvents::told ? "" : to_text(server.value("SELECT CURRENT_USER()"));
  const std::vector<Value> parameters{definer_pattern(database), own, naming_pattern(database.app.name)};
  return names(
      server,
      "SELECT CONCAT(IF(EVENT_SCHEMA = DATABASE(), '', CONCAT(EVENT_SCHEMA, '.')), EVENT_NAME) FROM "
      "information_schema.EVENTS WHERE STATUS = 'ENABLED' AND DEFINER NOT LIKE ? AND NOT (EVENT_SCHEMA = "
      "DATABASE() AND DEFINER = ?) AND (EVENT_SCHEMA = DATABASE() OR EVENT_DEFINITION RLIKE ?) ORDER BY 1",
      parameters);
}

// Named each on its own: asked for all but one, the server opens every table of that one as well.
std::vector<std::string> triggers_and_views_elsewhere(const std::string& pattern, MariadbDatabase& server) {
  std::vector<std::string> found;
  for (const std::string& other :
       names(server,
             "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (DATABASE(), "
             "'mysql', 'information_schema', 'performance_schema')")) {
    const std::vector<Value> parameters{other, pattern, other, pattern};
    for (std::string& name :
         names(server,
               "SELECT CONCAT(TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE "
               "TRIGGER_SCHEMA = ? AND ACTION_STATEMENT RLIKE ? UNION SELECT CONCAT(TABLE_SCHEMA, '.', "
               "TABLE_NAME) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? AND TABLE_SCHEMA <> 'sys' "
               "AND SECURITY_TYPE = 'DEFINER' AND IS_UPDATABLE = 'YES' AND VIEW_DEFINITION RLIKE ?",
               parameters))
      found.push_back(std::move(name));
  }
  return found;
}

// An event may call a routine that has the rights of who calls it.
std::vector<std::string> objects_elsewhere(const SiteDatabase& database, MariadbDatabase& server) {
  const std::string pattern = naming_pattern(database.app.name);
  std::vector<std::string> found = triggers_and_views_elsewhere(pattern, server);
  const std::vector<Value> parameters{pattern};
  for (std::string& name :
       names(server,
             "SELECT CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME) FROM information_schema.ROUTINES WHERE "
             "ROUTINE_SCHEMA NOT IN (DATABASE(), 'sys', 'mysql') AND (SECURITY_TYPE = 'DEFINER' OR "
             "@@GLOBAL.event_scheduler = 'ON') AND ROUTINE_DEFINITION RLIKE ?",
             parameters))
    found.push_back(std::move(name));
  return found;
}

}  // namespace

// Views and triggers of the database itself are none: who can only read cannot make them write.
std::vector<std::string> others_ways_to_write(const SiteDatabase& database, MariadbDatabase& server,
                                              AdminsEvents admins_events) {
  std::vector<std::string> ways;
  add_if_any(ways, other_writers(server, database.app.name, {database.app.user, database.admin->user}),
             "other accounts can write to the database");
  add_if_any(ways, events_of_others(database, server, admins_events),
             "enabled events of other accounts can write");
  add_if_any(ways, objects_elsewhere(database, server),
             "triggers, routines and views of other databases name this one and can write to it");
  return ways;
}

// Any account of the server may leave one behind, and their list does not say in which database. But who has
// written to a table holds its intention lock until he commits, and a lock for reading that one takes outside
// of autocommit waits for it.
std::optional<std::string> prepared_writes(const SiteDatabase& database, MariadbDatabase& server) {
  const auto prepared = prepared_transactions(server);
  if (prepared.empty()) return std::nullopt;
  const auto tables = server.tables();
  if (tables.empty()) return std::nullopt;
  MariadbDatabase asking(*database.admin, {});
  asking.execute(
      "SET SESSION autocommit = 0, innodb_table_locks = 1, lock_wait_timeout = 1, "
      "innodb_lock_wait_timeout = 1");
  std::vector<std::string> quoted;
  for (const std::string& table : tables) quoted.push_back(mariadb_name(table));
  try {
    asking.execute(fmt::format("LOCK TABLES {} READ", fmt::join(quoted, " READ, ")));
  } catch (const Error& error) {
    if (error.kind() != Kind::busy) throw;
    return fmt::format("prepared XA transactions can still be committed: {}", joined(prepared));
  }
  return std::nullopt;
}

std::vector<std::string> gaps_without_writers(const SiteDatabase& database, MariadbDatabase& server) {
  std::vector<std::string> gaps;
  add_if_any(gaps, tables_of_other_engines(server),
             "tables without transactions keep half of a write that was ended");
  const std::vector<Value> definer{definer_pattern(database)};
  add_if_any(
      gaps,
      names(server,
            "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND "
            "SECURITY_TYPE = 'DEFINER' AND DEFINER NOT LIKE ? AND DEFINER <> CURRENT_USER() ORDER BY 1",
            definer),
      "routines with the rights of another account (SQL SECURITY DEFINER) can write");
  return gaps;
}

namespace {

void add_gaps(std::vector<std::string>& findings, const SiteDatabase& database, MariadbDatabase& server) {
  for (std::string& way : others_ways_to_write(database, server)) findings.push_back(std::move(way));
  add_if_any(findings, prepared_transactions(server),
             "prepared XA transactions, of this database or of another, can be committed in the window");
  for (std::string& gap : gaps_without_writers(database, server)) findings.push_back(std::move(gap));
}

bool is_broken(MariadbDatabase& database, const std::string& view) {
  try {
    database.query(fmt::format("SHOW FIELDS FROM {}", mariadb_name(view)));
    return false;
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    return true;
  }
}

// A column is written with the name of its table, which may be a database's as well.
bool reads_from(std::string_view create, std::string_view database) {
  for (std::size_t at = create.find(database); at != std::string_view::npos;
       at = create.find(database, at + 1)) {
    std::string_view before = create.substr(0, at);
    while (before.ends_with('(')) before.remove_suffix(1);
    if (before.ends_with("from ") || before.ends_with("join ")) return true;
  }
  return false;
}

// The account that loads a dump sees no other database.
bool names_one_of(MariadbDatabase& database, const std::string& view,
                  const std::vector<std::string>& databases) {
  const std::string create =
      to_text(database.query(fmt::format("SHOW CREATE VIEW {}", mariadb_name(view))).at(0).at(1));
  return std::ranges::any_of(databases, [&create](const std::string& name) {
    return reads_from(create, mariadb_name(name) + ".`");
  });
}

std::vector<std::string> made_in_misleading_bytes(MariadbDatabase& database) {
  std::vector<std::string> found;
  for (const Row& row : database.query(
           "SELECT TABLE_NAME, CHARACTER_SET_CLIENT FROM information_schema.VIEWS WHERE TABLE_SCHEMA = "
           "DATABASE() UNION SELECT ROUTINE_NAME, CHARACTER_SET_CLIENT FROM information_schema.ROUTINES "
           "WHERE "
           "ROUTINE_SCHEMA = DATABASE() UNION SELECT TRIGGER_NAME, CHARACTER_SET_CLIENT FROM "
           "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() UNION SELECT EVENT_NAME, "
           "CHARACTER_SET_CLIENT FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1"))
    if (has_misleading_bytes(to_text(row[1]))) found.push_back(to_text(row[0]));
  return found;
}

std::vector<std::string> tables_without_history(MariadbDatabase& database) {
  std::vector<std::string> tables;
  const auto periods = mariadb_periods(database);
  const bool is_taken = periods.empty() || takes_history(database);
  for (const auto& [table, period] : periods)
    if (!is_taken || period.is_of_transactions) tables.push_back(table);
  return tables;
}

}  // namespace

std::vector<std::string> mariadb_restore_limits(MariadbDatabase& database) {
  const std::vector<std::string> others = names(database,
                                                "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "
                                                "SCHEMA_NAME NOT IN (DATABASE(), 'information_schema')");
  std::vector<std::string> broken, elsewhere, limits;
  for (const std::string& view :
       names(database, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()")) {
    if (is_broken(database, view))
      broken.push_back(view);
    else if (names_one_of(database, view, others))
      elsewhere.push_back(view);
  }
  add_if_any(limits, broken,
             "bench cannot restore this database, because views name what is gone; drop them");
  add_if_any(limits, elsewhere, "bench cannot restore this database, because views name other databases");
  add_if_any(limits, made_in_misleading_bytes(database),
             "what was made over a connection in big5, cp932, gbk or sjis is made again over one in UTF-8");
  add_if_any(
      limits, tables_without_history(database),
      "backups hold only the present rows of these tables with system versioning, so that no backup is "
      "restored over them unless a person says so");
  return limits;
}

std::vector<std::string> mariadb_preflight(const SiteDatabase& database, MariadbDatabase& server) {
  std::vector<std::string> findings;
  if (const auto reason = why_not_enforceable(database)) {
    findings.push_back(*reason);
  } else {
    refuse_shared_account(database, server);
    if (const auto lacking = why_not_enforceable(database, server))
      findings.push_back(*lacking);
    else
      add_gaps(findings, database, server);
    if (auto lacking = why_no_scratch(database, server)) findings.push_back(std::move(*lacking));
    for (const MariadbSession& session : lock_holders(server))
      if (session.seconds > 10)
        findings.push_back(fmt::format("a long transaction may hold the change up: {}", describe(session)));
  }
  for (std::string& limit : mariadb_restore_limits(server)) findings.push_back(std::move(limit));
  return findings;
}

}  // namespace bench
