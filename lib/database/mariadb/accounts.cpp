#include "database/mariadb/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/escape.hpp"
#include "database/admin_account.hpp"
#include "database/mariadb/literal.hpp"
#include "database/refusal.hpp"

namespace bench {

namespace {

/// What was created, to be removed again unless all of it is there.
class Creation {
 public:
  explicit Creation(MariadbDatabase& server) : m_server(server) {}
  ~Creation() {
    // What cannot be undone now is named by the error that is on its way.
    for (auto undo = m_undo.rbegin(); undo != m_undo.rend(); ++undo) try {
        m_server.execute(*undo);
      } catch (const Error&) {
      }
  }
  Creation(const Creation&) = delete;
  Creation& operator=(const Creation&) = delete;
  /// `secret` follows the statement, and no error shows it.
  void step(const std::string& statement, const std::string& undo, const std::string& secret = {}) {
    try {
      m_server.execute(statement + secret);
    } catch (const Error& error) {
      throw error.with_kind(error.kind() == Kind::statement ? Kind::database : error.kind())
          .with_statement(error.sqlstate(), statement, error.database_error());
    }
    m_undo.push_back(undo);
  }
  void keep() { m_undo.clear(); }

 private:
  MariadbDatabase& m_server;
  std::vector<std::string> m_undo;
};

// Here the grammar takes a plain string only, which the session's empty sql_mode lets backslashes escape in.
std::string password_literal(const std::string& password) {
  return fmt::format("'{}'", backslashed(password, "'\\"));
}

// Another site may have come to use the account since, or it is a mighty one that a site was given.
bool serves_others(MariadbDatabase& server, const std::string& user, const std::string& host) {
  const std::vector<Value> account{user, host};
  for (const char* table :
       {"mysql.db", "mysql.tables_priv", "mysql.columns_priv", "mysql.procs_priv", "mysql.roles_mapping"})
    if (!server.query(fmt::format("SELECT 1 FROM {} WHERE User = ? AND Host = ?", table), account).empty())
      return true;
  const std::vector<Value> grantee{fmt::format("'{}'@'{}'", user, host)};
  return !server
              .query(
                  "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ? AND PRIVILEGE_TYPE <> "
                  "'USAGE'",
                  grantee)
              .empty();
}

// The owner's processes may still be at work, and would keep the database from being dropped.
void end_sessions(MariadbDatabase& server, const std::string& account) {
  try {
    server.execute(fmt::format("KILL USER {}", account));
  } catch (const Error& error) {
    // Nobody of that account is there, or it is gone.
    if (error.kind() != Kind::statement) throw;
  }
}

bool has_schema(MariadbDatabase& server, const std::string& schema) {
  const std::vector<Value> name{schema};
  return !server.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name).empty();
}

bool has_account(MariadbDatabase& server, const std::string& user, const std::string& host) {
  const std::vector<Value> account{user, host};
  return !server.query("SELECT 1 FROM mysql.global_priv WHERE User = ? AND Host = ?", account).empty();
}

void refuse_what_exists(MariadbDatabase& server, const ConnectionSettings& app, const std::string& host,
                        AppAccount account) {
  if (has_schema(server, app.name))
    throw Error(Kind::database,
                fmt::format("{}: the database {} exists already", describe_server(app), app.name),
                "choose another db_name, or drop it first");
  if (account == AppAccount::must_be_new && has_account(server, app.user, host))
    throw Error(Kind::database,
                fmt::format("{}: the account {} exists already", describe_server(app),
                            mariadb_account(app.user, host)),
                "choose another db_user, or drop the account first");
}

}  // namespace

std::string mariadb_account(const std::string& user, const std::string& host) {
  return fmt::format("{}@{}", mariadb_name(user), mariadb_name(host));
}

std::string app_host(const ConnectionSettings& app, MariadbDatabase& server) {
  if (!app.socket.empty() || app.host == "localhost") return "localhost";
  if (!app.host.empty() && app.host != "127.0.0.1" && app.host != "::1") return "%";
  // Where the server looks up no names, a connection from this machine comes from its address.
  const bool no_names = to_integer(server.value("SELECT @@skip_name_resolve")) != 0;
  if (!no_names) return "localhost";
  return app.host.empty() ? "127.0.0.1" : app.host;
}

std::string mariadb_app_account(const ConnectionSettings& app, MariadbDatabase& server) {
  const std::string usual = app_host(app, server);
  const std::vector<Value> which{app.user, app.name, usual};
  const auto rows = server.query(
      "SELECT Host FROM mysql.db WHERE User = ? AND ? LIKE Db ORDER BY Host = ? DESC LIMIT 1", which);
  return mariadb_account(app.user, rows.empty() ? usual : to_text(rows[0][0]));
}

std::string escaped_pattern(const std::string& database) {
  return backslashed(database, "_%\\");
}

bool has_mariadb_database(const SiteDatabase& database) {
  MariadbDatabase server(without_database(database.for_changes()), {});
  return has_schema(server, database.app.name);
}

void create_mariadb_database(const SiteDatabase& database, AppAccount app_account,
                             const std::function<void()>& begin) try {
  const ConnectionSettings& app = database.app;
  if (app.password.empty())
    throw Error(Kind::configuration, fmt::format("the account {} would have no password", app.user),
                "set db_password");
  MariadbDatabase server(without_database(require_admin(database, "creating a database")), {});
  server.execute("SET SESSION sql_mode = ''");
  const std::string host = app_host(app, server);
  const std::string account = mariadb_account(app.user, host);
  refuse_what_exists(server, app, host, app_account);
  begin();
  Creation creation(server);
  creation.step(fmt::format("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                            mariadb_name(app.name)),
                fmt::format("DROP DATABASE {}", mariadb_name(app.name)));
  if (!has_account(server, app.user, host))
    creation.step(fmt::format("CREATE USER {} IDENTIFIED BY ", account), fmt::format("DROP USER {}", account),
                  password_literal(app.password));
  creation.step(
      fmt::format("GRANT ALL PRIVILEGES ON {}.* TO {}", mariadb_name(escaped_pattern(app.name)), account),
      "DO 0");
  creation.keep();
} catch (const Error& error) {
  if (!lacks_right(error) || !error.hint().empty()) throw;
  const std::string name = escaped_pattern(database.app.name);
  throw error.with_kind(Kind::database)
      .with_hint(fmt::format(
          "GRANT ALL PRIVILEGES ON {0}.*, and on {1}.*, WITH GRANT OPTION, and PROCESS, RELOAD, CONNECTION "
          "ADMIN, CREATE USER on *.*, and SELECT on mysql.*, to the admin account {2}",
          mariadb_name(name), mariadb_name(name + "\\_bench\\_%"), database.for_changes().user));
}

void drop_mariadb_database(const SiteDatabase& database) {
  const ConnectionSettings& app = database.app;
  MariadbDatabase server(without_database(require_admin(database, "dropping a database")), {});
  const std::string host = app_host(app, server);
  const std::string account = mariadb_account(app.user, host);
  if (app.user != database.admin->user) end_sessions(server, account);
  server.execute_patiently(fmt::format("DROP DATABASE IF EXISTS {}", mariadb_name(app.name)), {});
  const std::vector<Value> grant{app.user, host, escaped_pattern(app.name)};
  if (!server.query("SELECT 1 FROM mysql.db WHERE User = ? AND Host = ? AND Db = ?", grant).empty())
    server.execute(fmt::format("REVOKE ALL PRIVILEGES ON {}.* FROM {}",
                               mariadb_name(escaped_pattern(app.name)), account));
  if (app.user != database.admin->user && !serves_others(server, app.user, host))
    server.execute(fmt::format("DROP USER IF EXISTS {}", account));
}

void require_mariadb_server(const ConnectionSettings& account) {
  // https://mariadb.com/kb/en/mariadb-error-codes/: the client's own, and ER_CON_COUNT_ERROR and
  // ER_SERVER_SHUTDOWN of a server that has no time.
  constexpr int first_of_client = 2000, end_of_client = 3000;
  constexpr std::array no_time{1040, 1053};
  try {
    const MariadbDatabase server(without_database(account), {.connect_timeout = std::chrono::seconds(2)});
  } catch (const Error& error) {
    const int code = error.database_error();
    const bool is_client = code >= first_of_client && code < end_of_client;
    if (error.kind() == Kind::database && (is_client || std::ranges::find(no_time, code) != no_time.end()))
      throw;
  }
}

bool is_mariadb_administrator(const ConnectionSettings& account) {
  try {
    MariadbDatabase server(without_database(account), {.connect_timeout = std::chrono::seconds(2)});
    return !server
                .query(
                    "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = CONCAT('\\'', "
                    "REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'') AND PRIVILEGE_TYPE = 'CREATE USER'")
                .empty();
  } catch (const Error&) {
    return false;
  }
}

namespace {

// The app's account may be gone, or not be made yet.
bool listens_for(MariadbDatabase& server, const ConnectionSettings& app) {
  if (!app.socket.empty()) return to_text(server.value("SELECT @@socket")) == app.socket;
  const std::vector<Value> port{std::int64_t{port_of(app)}};
  return to_integer(server.value("SELECT NOT @@skip_networking AND @@port = ?", port)) != 0;
}

}  // namespace

// A named lock is the server's, and everybody on it may ask for it.
bool is_same_mariadb_server(const ConnectionSettings& app, const ConnectionSettings& admin) {
  MariadbDatabase server(without_database(admin), {});
  const std::vector<Value> mark{"bench_" + random_hex(12)};
  server.query("SELECT GET_LOCK(?, 0)", mark);
  try {
    MariadbDatabase other(without_database(app), {.connect_timeout = std::chrono::seconds(2)});
    return !is_null(other.value("SELECT IS_USED_LOCK(?)", mark));
  } catch (const Error&) {
    return listens_for(server, app);
  }
}

}  // namespace bench
