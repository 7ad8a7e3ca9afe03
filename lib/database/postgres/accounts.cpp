#include "database/postgres/accounts.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "database/admin_account.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"
#include "database/refusal.hpp"

namespace bench {

namespace {

constexpr std::string_view role_is_needed = "2BP01";  // dependent_objects_still_exist
constexpr std::string_view is_in_use = "55006";       // object_in_use

void refuse_what_exists(PostgresDatabase& server, const SiteDatabase& site, AppAccount account) {
  const std::string owner = owner_role(site.app.name);
  for (const std::string& name : {site.app.user, owner})
    if (name.starts_with("pg_"))
      throw Error(
          Kind::configuration,
          fmt::format("PostgreSQL keeps names that begin with pg_ to itself, and '{}' would be one", name),
          "choose another --db-name");
  if (postgres_database_exists(server, site.app.name))
    throw Error(Kind::database, fmt::format("{} exists already", describe(site.app)),
                "choose another db_name, or drop it first");
  if (account == AppAccount::may_exist) return;
  for (const std::string& role : {site.app.user, owner})
    if (postgres_role_exists(server, role))
      throw Error(Kind::database, fmt::format("the account '{}' exists already", role),
                  "choose another db_name or db_user, or drop the account first");
}

// `made` gets those that were not there.
void create_roles(PostgresDatabase& server, const SiteDatabase& site, std::vector<std::string>& made) {
  const auto create = [&](const std::string& role, const std::string& attributes) {
    if (postgres_role_exists(server, role)) return;
    server.execute(fmt::format("CREATE ROLE {} {}", quote_name(role), attributes));
    made.push_back(role);
  };
  const std::string owner = quote_name(owner_role(site.app.name));
  const std::string app = quote_name(site.app.user);
  create(owner_role(site.app.name), "NOLOGIN");
  const std::string& password = site.app.password;
  create(
      site.app.user,
      fmt::format("LOGIN PASSWORD {}",
                  password.empty() ? "NULL" : quote_text(server.password_verifier(site.app.user, password))));
  // Who is no superuser owns, fences and ends only what belongs to roles of his own.
  if (!server.is_superuser()) server.execute(fmt::format("GRANT {}, {} TO CURRENT_USER", owner, app));
}

// "Usual rights": rows of all tables and numbers of all sequences, of those that come later as well.
void grant_usual_rights(const SiteDatabase& site) {
  const std::string owner = quote_name(owner_role(site.app.name));
  const std::string app = quote_name(site.app.user);
  const std::string name = quote_name(site.app.name);
  PostgresDatabase database(*site.admin, {}, PostgresDatabase::WorksAs::itself);
  for (const std::string& statement :
       {fmt::format("REVOKE ALL ON DATABASE {} FROM PUBLIC", name),
        fmt::format("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}", name, app),
        std::string("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        fmt::format("GRANT USAGE ON SCHEMA public TO {}", app),
        fmt::format("GRANT USAGE, CREATE ON SCHEMA public TO {}", owner),
        fmt::format("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} ON TABLES TO {}", owner,
                    usual_table_rights, app),
        fmt::format("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} ON SEQUENCES TO {}", owner,
                    usual_sequence_rights, app)})
    database.execute(statement);
}

void drop_role(PostgresDatabase& server, const std::string& role) {
  try {
    server.execute("DROP ROLE IF EXISTS " + quote_name(role));
  } catch (const Error& error) {
    // Another database uses it as well: then it is not ours to drop.
    if (error.sqlstate() != role_is_needed) throw;
  }
}

void drop_all(PostgresDatabase& server, const SiteDatabase& site) {
  drop_database_by_force(server, site.app.name);
  // An adopted site may work with the account that drops it.
  if (site.app.user != site.for_changes().user) drop_role(server, site.app.user);
  drop_role(server, owner_role(site.app.name));
}

// The server finishes a CREATE DATABASE whose client is gone, after anybody has looked whether it is there.
void end_creation(PostgresDatabase& server, const std::string& name) {
  const std::string begin = fmt::format("CREATE DATABASE {} ", quote_name(name));
  const std::vector<Value> parameters{begin, begin};
  constexpr int most_looks = 200;
  for (int looks = 0; looks < most_looks; ++looks) {
    const auto ended = server.query(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid <> "
        "pg_backend_pid() AND state = 'active' AND left(query, length(?)) = ?",
        parameters);
    if (ended.empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// Whether it could: that ends autovacuum, too, which only a superuser may.
bool drop_with_force(PostgresDatabase& server, const std::string& name) {
  try {
    server.execute(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_name(name)));
    return true;
  } catch (const Error& error) {
    if (error.sqlstate() != insufficient_privilege) throw;
    return false;
  }
}

// A replica shares the identifier with its primary, but not the moment at which it was started.
std::string identity(PostgresDatabase& server) {
  return to_text(server.value(
      "SELECT system_identifier::text || ' ' || extract(epoch FROM pg_catalog.pg_postmaster_start_time()) "
      "FROM pg_catalog.pg_control_system()"));
}

}  // namespace

bool postgres_database_exists(PostgresDatabase& server, const std::string& name) {
  const std::vector<Value> names{name};
  return !server.query("SELECT 1 FROM pg_catalog.pg_database WHERE datname = ?", names).empty();
}

bool postgres_role_exists(PostgresDatabase& server, const std::string& name) {
  const std::vector<Value> names{name};
  return !server.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ?", names).empty();
}

// Not autovacuum, which only a superuser may end: a DROP and a RENAME send it away themselves.
void end_postgres_sessions(PostgresDatabase& server, const std::string& database) {
  const std::vector<Value> name{database};
  server.query(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = ? AND "
      "usesysid IS NOT NULL",
      name);
}

void drop_database_by_force(PostgresDatabase& server, const std::string& name) {
  end_creation(server, name);
  if (!postgres_database_exists(server, name)) return;
  if (server.version_number() >= 130'000 && drop_with_force(server, name)) return;
  constexpr int most_tries = 5;
  // A client may have come back meanwhile.
  for (int tries = 1;; ++tries) {
    end_postgres_sessions(server, name);
    try {
      return server.execute("DROP DATABASE IF EXISTS " + quote_name(name));
    } catch (const Error& error) {
      if (error.sqlstate() != is_in_use || tries == most_tries) throw;
    }
  }
}

bool has_postgres_database(const SiteDatabase& site) {
  return postgres_database_exists(*connect_to_server(site.for_changes()), site.app.name);
}

void create_postgres_database(const SiteDatabase& site, AppAccount account,
                              const std::function<void()>& begin) {
  const ConnectionSettings& admin = require_admin(site, "creating a database");
  const auto server = connect_to_server(admin);
  refuse_what_exists(*server, site, account);
  begin();
  std::vector<std::string> made;
  bool made_database = false;
  try {
    create_roles(*server, site, made);
    // template1 may hold what somebody put there for another purpose.
    server->execute(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'",
                                quote_name(site.app.name), quote_name(owner_role(site.app.name))));
    made_database = true;
    grant_usual_rights(site);
  } catch (const Error& error) {
    if (made_database) drop_database_by_force(*server, site.app.name);
    for (const std::string& role : made) drop_role(*server, role);
    const Error refusal = error.kind() == Kind::statement ? error.with_kind(Kind::database) : error;
    throw lacks_right(error)
        ? refusal.with_hint(fmt::format("ALTER ROLE {} CREATEDB CREATEROLE", quote_name(admin.user)))
        : refusal;
  }
}

void drop_postgres_database(const SiteDatabase& site) {
  drop_all(*connect_to_server(require_admin(site, "dropping a database")), site);
}

bool is_postgres_administrator(const ConnectionSettings& account) {
  try {
    return to_integer(connect_to_server(account)->value(
               "SELECT (rolsuper OR (rolcreatedb AND rolcreaterole))::int FROM pg_catalog.pg_roles WHERE "
               "rolname = current_user")) == 1;
  } catch (const Error&) {
    return false;
  }
}

void require_postgres_server(const ConnectionSettings& account) {
  // Whoever cannot be reached says why.
  if (!postgres_server_answers(account)) connect_to_server(account);
}

bool is_same_postgres_server(const ConnectionSettings& app, const ConnectionSettings& admin) {
  const auto server = connect_to_server(admin);
  try {
    PostgresDatabase other(app, {.connect_timeout = std::chrono::seconds(2)},
                           PostgresDatabase::WorksAs::itself);
    return identity(other) == identity(*server);
  } catch (const Error&) {
    // The app's account may be gone, or not be made yet. The port is in the name of every socket.
    return to_text(server->value("SELECT pg_catalog.current_setting('listen_addresses')")) != "";
  }
}

}  // namespace bench
