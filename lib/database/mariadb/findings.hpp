#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// Why the database cannot be made to refuse the app's writes: no admin account, or one that lacks a right.
/// nullopt when it can.
std::optional<std::string> why_not_enforceable(const SiteDatabase& database);

/// The same, for what only shows when the admin account is connected.
std::optional<std::string> why_not_enforceable(const SiteDatabase& database, MariadbDatabase& server);

/// Ways around the fence that stay open, each in a sentence.
std::vector<std::string> fence_gaps(const SiteDatabase& database, MariadbDatabase& server);

/// Error{configuration} when the app account is that of other databases too: fencing one would fence them
/// all.
void refuse_shared_account(const SiteDatabase& database, MariadbDatabase& server);

/// What stands against a window, each in a sentence; also what a backup does not hold.
std::vector<std::string> mariadb_preflight(const SiteDatabase& database, Database& connection);

}  // namespace bench
