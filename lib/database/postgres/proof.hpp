#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/postgres/connection.hpp"

namespace bench {

/// Why the database cannot refuse this site's writes at all, in a sentence; nullopt where the database
/// has to be asked.
std::optional<std::string> why_postgres_cannot_fence(const SiteDatabase& site);
/// The same, asked on a connection of the admin account.
std::optional<std::string> why_postgres_cannot_fence(const SiteDatabase& site, PostgresDatabase& admin);

/// Ways to write that taking the app account's rights leaves open, a sentence each.
std::vector<std::string> open_ways(const SiteDatabase& site, PostgresDatabase& admin);

/// What the app account may still change, asked of the server itself: names of tables, sequences, schemas.
std::vector<std::string> still_writable(PostgresDatabase& admin, const std::string& app);

}  // namespace bench
