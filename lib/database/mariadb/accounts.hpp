#pragma once

#include <functional>
#include <string>

#include "database/mariadb/connection.hpp"

namespace bench {

/// An account as SQL names it: 'shop'@'localhost'.
std::string mariadb_account(const std::string& user, const std::string& host);

/// The host part of the account that the app's processes log in as: localhost where they connect on this
/// machine, else %.
std::string app_host(const ConnectionSettings& app, MariadbDatabase& server);

/// The app's account as the server has it: the one with rights on the database, else that of its usual host.
std::string mariadb_app_account(const ConnectionSettings& app, MariadbDatabase& server);

/// What a grant on exactly this database names: `site\_a`, since _ and % are wildcards there.
std::string escaped_pattern(const std::string& database);

void create_mariadb_database(const SiteDatabase& database, AppAccount app_account,
                             const std::function<void()>& begin);
bool has_mariadb_database(const SiteDatabase& database);
void drop_mariadb_database(const SiteDatabase& database);

/// See Backend::is_administrator.
bool is_mariadb_administrator(const ConnectionSettings& account);
/// See Backend::require_server.
void require_mariadb_server(const ConnectionSettings& account);
/// See Backend::is_same_server.
bool is_same_mariadb_server(const ConnectionSettings& app, const ConnectionSettings& admin);

}  // namespace bench
