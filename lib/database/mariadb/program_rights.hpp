#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "database/mariadb/grants.hpp"

namespace bench {

/// With whose rights a view, trigger, routine or event runs.
struct MariadbDefiner {
  std::string kind, name;  ///< as MariadbObject has them
  std::string account;     ///< "`root`@`localhost`", a role "`clerks`"
  bool operator==(const MariadbDefiner&) const = default;
};

/// What an object of a database takes with it when it is dropped, although it is no part of what it is.
/// Rights on tables and views stay.
struct MariadbProgramRights {
  std::vector<MariadbDefiner> definers;
  std::vector<MariadbGrant> grants;  ///< on routines
};
void to_json(nlohmann::json& json, const MariadbProgramRights& rights);
void from_json(const nlohmann::json& json, MariadbProgramRights& rights);

/// Of the connection's database; those of the user `app`, which a fence takes, are left out.
MariadbProgramRights read_program_rights(MariadbDatabase& database, const std::string& app);

/// Gives them to what is there of the objects, as far as the accounts are there and the connection's may.
/// Answers what could not be given, in sentences. It leaves the session with settings of its own.
std::vector<std::string> give_program_rights(MariadbDatabase& database, const MariadbProgramRights& rights);

/// Makes the events that are the connection's own, and are not so in `before`, those of `account`. Answers as
/// above.
std::vector<std::string> give_new_events(MariadbDatabase& database, const MariadbProgramRights& before,
                                         const std::string& account);

/// The account of a definer clause; empty where the statement names none.
std::string definer_of(const std::string& create);

}  // namespace bench
