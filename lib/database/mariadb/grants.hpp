#pragma once

#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// Rights of one account on one object, as mysql.db, tables_priv, columns_priv and procs_priv hold them.
/// Nothing of an account's password is among them.
struct MariadbGrant {
  std::string privileges;  ///< "INSERT, UPDATE"
  std::string object;      ///< "`site\_a`.*", the pattern exactly as it is stored; "PROCEDURE `site_a`.`p`"
  std::string user;        ///< a role's name where `host` is empty
  std::string host;
  bool may_grant = false;  ///< WITH GRANT OPTION
  std::string account() const;
  std::string grant() const;
  std::string revoke() const;
};

/// What a user's accounts may do to the database beyond reading it, those of columns first. A GRANT OPTION is
/// not among them: without the right itself it gives nothing away.
std::vector<MariadbGrant> write_grants(MariadbDatabase& server, const std::string& database,
                                       const std::string& user);

/// Other databases that the user may write to, those of bench's own scratch databases left out.
std::vector<std::string> other_databases_of(MariadbDatabase& server, const std::string& database,
                                            const std::string& user);

/// "account `report`@`%` may INSERT, UPDATE on `site\_a`.*": others that may change what the database holds,
/// by a grant on it or on every database; anonymous accounts and roles are among them, administrators of the
/// server (who may make accounts) are not, nor is PUBLIC, whose rights are the app account's as well.
std::vector<std::string> other_writers(MariadbDatabase& server, const std::string& database,
                                       const std::vector<std::string>& known_users);

/// The user's rights to change something that hold on every database, and those that come to it by a role or
/// by PUBLIC: each in words. No REVOKE from the user takes them away.
std::vector<std::string> rights_beyond_the_database(MariadbDatabase& server, const std::string& database,
                                                    const std::string& user);

}  // namespace bench
