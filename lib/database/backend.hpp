#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_file.hpp"
#include "config/site_config.hpp"
#include "database/database.hpp"
#include "database/exporter.hpp"
#include "database/fence.hpp"
#include "database/scratch.hpp"

namespace bench {

/// Where a site's database is and who asks. Made from the site's layered config.
struct ConnectionSettings {
  std::string db_type;
  std::string host;
  int port = 0;
  std::string socket;
  std::string name;
  std::string user;
  std::string password;
  std::filesystem::path file;  ///< SQLite: sites/<site>/db/<db_name>.db
  /// Files for TLS to a server; empty: none. With `tls_ca` the server's certificate and name are checked.
  std::string tls_ca, tls_certificate, tls_key;
};

/// A site's database, with the two accounts that bench may use.
struct SiteDatabase {
  ConnectionSettings app;  ///< what the site's processes use
  /// The same database by an account that may fence, migrate and restore it. None on SQLite, and where nobody
  /// named one: then nothing can be enforced against the app.
  std::optional<ConnectionSettings> admin;
  const ConnectionSettings& for_changes() const { return admin ? *admin : app; }
};

/// `read_only`: the connection itself refuses writes, DDL included as far as the database can.
enum class Access { read_write, read_only };

struct ConnectOptions {
  Access access = Access::read_write;
  /// Asked while a statement runs; true cancels it with Error{interrupted}. Empty: never.
  std::function<bool()> cancelled;
  /// How long a server may take to answer a new connection.
  std::chrono::milliseconds connect_timeout{10'000};
};

/// How to start a database's own interactive program.
struct Shell {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::optional<SecretFile> secret;  ///< to be inherited
  std::string package;               ///< of Debian, that has the program
};

/// Of a database that is created: whether an account of the app's name may be there already. It then keeps
/// its password, and gets its rights on the database.
enum class AppAccount { must_be_new, may_exist };

/// Everything bench needs of one database type. One row of THE backend table (backends.cpp).
struct Backend {
  std::string_view db_type;
  Dialect dialect;
  Features features;
  bool has_server;  ///< whether host, port, socket and user mean anything

  /// Whether the server lets the account in and takes it for one that may create databases and accounts, and
  /// end sessions; `settings.name` need not exist. False, too, when it cannot be reached.
  bool (*is_administrator)(const ConnectionSettings&);
  /// Error{database} when no server answers at the account's address. That it does not let the account in is
  /// an answer.
  void (*require_server)(const ConnectionSettings&);
  /// Whether the administrator's address leads to the running server that the app's leads to. Where the app
  /// cannot log in, so that it cannot be asked, the server's own word about its address counts.
  /// Error{database} when the administrator cannot log in.
  bool (*is_same_server)(const ConnectionSettings& app, const ConnectionSettings& admin);
  /// Error{database} when it cannot be reached; it never creates a database.
  std::unique_ptr<Database> (*connect)(const ConnectionSettings&, const ConnectOptions&);
  /// Whether the server (or the disk) has the database. Error{database} when the server cannot be asked.
  bool (*has_database)(const SiteDatabase&);
  /// Creates the empty database and, on a server, the app account with its usual rights (PostgreSQL: also the
  /// NOLOGIN role that owns the database's objects). Error{database} when one of them exists; then, and after
  /// any other error, nothing of it is left. `begin` is called when none of them exists, before the first is
  /// made: from then on a kill leaves what `drop_database` removes.
  void (*create_database)(const SiteDatabase&, AppAccount account, const std::function<void()>& begin);
  /// Removes what `create_database` made, as far as it is there.
  void (*drop_database)(const SiteDatabase&);
  /// A fence around `run_connection` (one for changes), which must outlive it; nullptr where there is no run
  /// connection (a window that outlives its process).
  std::unique_ptr<Fence> (*make_fence)(const SiteDatabase&, Database* run_connection);
  std::unique_ptr<Exporter> (*open_exporter)(const ConnectionSettings&, const ConnectOptions&);
  /// `folder` is where a file database may put it; `owner` (an operation's id) goes into its name.
  std::unique_ptr<Scratch> (*make_scratch)(const SiteDatabase&, const ConnectOptions&,
                                           const std::filesystem::path& folder, std::string_view owner);
  /// Removes what a scratch of that owner left behind when its process was killed, and brings a swap that was
  /// cut off to its end: forwards when the content was replaced already, else backwards. May be called again.
  void (*recover_scratch)(const SiteDatabase&, const std::filesystem::path& folder, std::string_view owner);
  /// The database's own shell, on this database.
  Shell (*shell)(const ConnectionSettings&);
  /// The variables in which programs that are not ours look for their database and account: DATABASE_URL, and
  /// those of the database's client library. They hold the password.
  std::map<std::string, std::string> (*environment)(const ConnectionSettings&);
  /// Bytes the database takes on disk.
  std::uint64_t (*size)(const ConnectionSettings&);
};

/// `scheme://user:password@host:port/name`, each part escaped (https://www.rfc-editor.org/rfc/rfc3986); a
/// socket is the parameter `socket_parameter`.
std::string database_url(std::string_view scheme, const ConnectionSettings& settings,
                         std::string_view socket_parameter);

/// nullptr when there is no such type.
const Backend* find_backend(std::string_view db_type);
/// Error{configuration} naming the types there are.
const Backend& get_backend(std::string_view db_type);
std::vector<std::string> backend_names();

/// What to look at when a server did not take a connection, for the reason that it or the driver gave.
std::string connection_hint(std::string_view reason);

/// The app's settings of a site; `site_folder` is where a file database lies. Error{configuration} when
/// db_name is missing.
ConnectionSettings connection_settings(const LayeredConfig& config, const std::filesystem::path& site_folder);
/// Those of the replica that reads may go to, by Frappe's keys; nothing where `read_from_replica` is off, or
/// the database has no server.
std::optional<ConnectionSettings> replica_settings(const LayeredConfig& config,
                                                   const std::filesystem::path& site_folder);

}  // namespace bench
