#include "database/mariadb/program_rights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/program.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

constexpr std::string_view definers =
    "SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = "
    "DATABASE() UNION ALL SELECT 'VIEW', TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE "
    "TABLE_SCHEMA "
    "= DATABASE() UNION ALL SELECT 'TRIGGER', TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS WHERE "
    "TRIGGER_SCHEMA = DATABASE() UNION ALL SELECT 'EVENT', EVENT_NAME, DEFINER FROM "
    "information_schema.EVENTS "
    "WHERE EVENT_SCHEMA = DATABASE()";

/// "root@localhost", of a role its name alone.
struct Account {
  explicit Account(const std::string& told)
      : user(told.substr(0, told.rfind('@'))),
        host(told.rfind('@') == std::string::npos ? "" : told.substr(told.rfind('@') + 1)) {}
  std::string quoted() const { return host.empty() ? mariadb_name(user) : mariadb_account(user, host); }
  std::string user, host;
};

std::vector<std::string> all_accounts(MariadbDatabase& database) {
  std::vector<std::string> accounts;
  for (const Row& row :
       database.query("SELECT CONCAT(User, IF(Host = '', '', '@'), Host) FROM mysql.global_priv"))
    accounts.push_back(Account(to_text(row[0])).quoted());
  return accounts;
}

// Rights that may be missing by themselves; a GRANT OPTION is none.
std::vector<MariadbGrant> routine_grants(MariadbDatabase& database, const std::string& app) {
  std::vector<MariadbGrant> grants;
  const std::vector<Value> parameters{app};
  for (const Row& row : database.query(
           "SELECT UPPER(REPLACE(CAST(Proc_priv AS CHAR), ',Grant', '')), Routine_type, Db, Routine_name, "
           "User, "
           "Host, FIND_IN_SET('Grant', Proc_priv) FROM mysql.procs_priv WHERE Db = DATABASE() AND User <> ?",
           parameters)) {
    const bool is_option_alone = to_text(row[0]) == "GRANT";
    grants.push_back({.privileges = is_option_alone ? "USAGE" : to_text(row[0]),
                      .object = fmt::format("{} {}.{}", to_text(row[1]), mariadb_name(to_text(row[2])),
                                            mariadb_name(to_text(row[3]))),
                      .user = to_text(row[4]),
                      .host = to_text(row[5]),
                      .may_grant = to_integer(row[6]) > 0});
  }
  return grants;
}

const MariadbDefiner* find(const MariadbProgramRights& rights, const MariadbObject& object) {
  const auto found = std::ranges::find_if(rights.definers, [&](const MariadbDefiner& definer) {
    return definer.kind == object.kind && definer.name == object.name;
  });
  return found == rights.definers.end() ? nullptr : &*found;
}

// Replaced in one statement, so that it is never missing.
void make_again(MariadbDatabase& database, MariadbObject object, const std::string& account,
                const std::string& collation) {
  constexpr std::string_view create = "CREATE ";
  object.create = with_definer(object.create, account);
  object.create.insert(create.size(), "OR REPLACE ");
  database.execute("SET SESSION sql_mode = ''");
  for (const std::string& statement : object.statements(collation)) {
    const bool is_setting = statement.starts_with("SET ");
    is_setting ? database.execute(statement) : database.execute_patiently(statement, {});
  }
}

/// Gives objects to accounts, and notes what it could not.
class Giving {
 public:
  explicit Giving(MariadbDatabase& database) : m_database(database) {
    m_database.execute("SET SESSION sql_mode = ''");
    m_accounts = all_accounts(m_database);
  }
  void give(const MariadbObject& object, const std::string& account) {
    const std::string now = definer_of(object.create);
    if (now != account && std::ranges::find(m_accounts, account) == m_accounts.end())
      return note(object, now, account, "the server has no such account");
    const std::string collation = mariadb_database_collation(m_database);
    try {
      make_again(m_database, object, account, collation);
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
      note(object, now, account, error.what());
      // It may have been on its way to be another one for a moment.
      m_database.execute("SET NAMES utf8mb4");
      if (mariadb_database_collation(m_database) != collation)
        m_database.execute("ALTER DATABASE COLLATE " + collation);
    }
  }
  std::vector<std::string> notes() { return std::move(m_notes); }

 private:
  void note(const MariadbObject& object, const std::string& now, const std::string& account,
            std::string_view why) {
    m_notes.push_back(fmt::format("the {} {} runs with the rights of {}, not of {}: {}", object.kind,
                                  object.name, now, account, why));
  }
  MariadbDatabase& m_database;
  std::vector<std::string> m_accounts;
  std::vector<std::string> m_notes;
};

}  // namespace

std::string definer_of(const std::string& create) {
  const auto header = parse_program(create);
  if (!header || !header->definer) return {};
  const std::string clause =
      create.substr(header->definer->begin, header->definer->end - header->definer->begin);
  return clause.substr(clause.find('=') + 1);
}

MariadbProgramRights read_program_rights(MariadbDatabase& database, const std::string& app) {
  MariadbProgramRights rights{.definers = {}, .grants = routine_grants(database, app)};
  for (const Row& row : database.query(definers))
    rights.definers.push_back({to_text(row[0]), to_text(row[1]), Account(to_text(row[2])).quoted()});
  return rights;
}

std::vector<std::string> give_program_rights(MariadbDatabase& database, const MariadbProgramRights& rights) {
  Giving giving(database);
  const std::vector<MariadbObject> programs = mariadb_programs(database);
  const auto differs = [&rights](const MariadbObject& object) {
    const MariadbDefiner* definer = find(rights, object);
    return definer != nullptr && definer->account != definer_of(object.create);
  };
  for (const MariadbObject& object : programs) {
    // One that is made again runs behind the others of its table: so those are made again behind it.
    const bool is_moved =
        object.type == Type::trigger && find(rights, object) != nullptr &&
        std::ranges::any_of(programs, [&](const MariadbObject& other) {
          return other.type == Type::trigger && other.table == object.table && differs(other);
        });
    if (is_moved || differs(object)) giving.give(object, find(rights, object)->account);
  }
  std::vector<std::string> notes = giving.notes();
  // An account that is gone must not come back, without a password.
  database.execute("SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'");
  for (const MariadbGrant& grant : rights.grants) try {
      database.execute(grant.grant());
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
      notes.push_back(fmt::format("{}: {}", grant.grant(), error.what()));
    }
  return notes;
}

std::vector<std::string> give_new_events(MariadbDatabase& database, const MariadbProgramRights& before,
                                         const std::string& account) {
  std::vector<std::string> made;
  for (const Row& row : database.query(
           "SELECT EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND "
           "DEFINER = CURRENT_USER()")) {
    const MariadbDefiner own{"EVENT", to_text(row[0]), Account(to_text(row[1])).quoted()};
    if (std::ranges::find(before.definers, own) == before.definers.end()) made.push_back(own.name);
  }
  if (made.empty()) return {};
  Giving giving(database);
  for (const MariadbObject& object : mariadb_programs(database))
    if (object.type == Type::event && std::ranges::find(made, object.name) != made.end())
      giving.give(object, account);
  return giving.notes();
}

void to_json(nlohmann::json& json, const MariadbProgramRights& rights) {
  json = {{"definers", nlohmann::json::array()}, {"grants", nlohmann::json::array()}};
  for (const MariadbDefiner& definer : rights.definers)
    json["definers"].push_back({definer.kind, definer.name, definer.account});
  for (const MariadbGrant& grant : rights.grants)
    json["grants"].push_back({grant.privileges, grant.object, grant.user, grant.host, grant.may_grant});
}

void from_json(const nlohmann::json& json, MariadbProgramRights& rights) {
  rights = {};
  for (const nlohmann::json& definer : json.at("definers"))
    rights.definers.push_back({definer.at(0), definer.at(1), definer.at(2)});
  for (const nlohmann::json& grant : json.at("grants"))
    rights.grants.push_back({grant.at(0), grant.at(1), grant.at(2), grant.at(3), grant.at(4)});
}

}  // namespace bench
