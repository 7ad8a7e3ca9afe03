#pragma once

#include "database/backend.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

/// The database, its app account and the NOLOGIN role that owns what is in it; see Backend::create_database.
void create_postgres_database(const SiteDatabase& site, AppAccount account,
                              const std::function<void()>& begin);
bool has_postgres_database(const SiteDatabase& site);
void drop_postgres_database(const SiteDatabase& site);

bool postgres_database_exists(PostgresDatabase& server, const std::string& name);
bool postgres_role_exists(PostgresDatabase& server, const std::string& name);
/// Asks everybody's sessions there to end, but for autovacuum's; some may take a moment.
void end_postgres_sessions(PostgresDatabase& server, const std::string& database);
/// Ends its sessions; nothing happens when there is no such database.
void drop_database_by_force(PostgresDatabase& server, const std::string& name);

/// See Backend::is_administrator.
bool is_postgres_administrator(const ConnectionSettings& account);
/// See Backend::require_server.
void require_postgres_server(const ConnectionSettings& account);
/// See Backend::is_same_server.
bool is_same_postgres_server(const ConnectionSettings& app, const ConnectionSettings& admin);

}  // namespace bench
