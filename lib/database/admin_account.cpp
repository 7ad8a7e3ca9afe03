#include "database/admin_account.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {

namespace {

int port_of(std::string_view db_type, int port) {
  constexpr int mariadb = 3306, postgres = 5432;
  if (port != 0) return port;
  return db_type == "postgres" ? postgres : mariadb;
}

bool is_this_host(const std::string& host) {
  return host.empty() || host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

// Editors end a file with a line break, which no password means.
std::string read_password(const std::filesystem::path& file) {
  std::optional<std::string> text = read_file_if_exists(file);
  if (!text)
    throw Error(Kind::usage, fmt::format("{}: there is no such password file", file.string()),
                "correct its path");
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  return *text;
}

ConnectionSettings account(const ConnectionSettings& app, const std::optional<std::string>& user,
                           std::string password) {
  ConnectionSettings admin = app;
  admin.user = user.value_or(app.db_type == "postgres" ? "postgres" : "root");
  admin.password = std::move(password);
  return admin;
}

std::optional<ConnectionSettings> as_chosen(const ConnectionSettings& app, const AdminChoice& choice) {
  if (choice.empty()) return std::nullopt;
  std::string password = choice.password.value_or("");
  if (choice.password_file) password = read_password(*choice.password_file);
  return account(app, choice.user, std::move(password));
}

// What a flag leaves out the environment says, but for the password of an account that was not chosen.
AdminChoice with_environment(AdminChoice choice) {
  const auto user = environment("BENCH_DB_ROOT_USERNAME");
  const bool is_other = choice.user && user && *choice.user != *user;
  if (!choice.user) choice.user = user;
  if (!choice.password && !choice.password_file && !is_other)
    if (const auto file = environment("BENCH_DB_ROOT_PASSWORD_FILE")) choice.password_file = *file;
  return choice;
}

void refuse_readable(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
  throw Error(Kind::configuration,
              fmt::format("{}: it holds passwords, and others than its owner may read it", file.string()),
              fmt::format("chmod 600 {}", file.string()));
}

/// One entry of config/admin.json.
class Entry {
 public:
  Entry(const nlohmann::json& entry, const std::filesystem::path& file) : m_entry(entry), m_file(file) {
    if (!entry.is_object()) refuse("an entry of \"servers\" is not an object");
    for (const auto& [key, value] : entry.items()) {
      static constexpr std::array known{"db_type", "host", "port", "socket", "username", "password"};
      if (std::find(known.begin(), known.end(), key) == known.end())
        refuse(fmt::format("\"{}\" means nothing there", key));
    }
  }

  void check_type() const {
    const std::vector<std::string> known = backend_names();
    if (std::find(known.begin(), known.end(), text("db_type")) == known.end())
      refuse(
          fmt::format("\"db_type\" is '{}', which is none of {}", text("db_type"), fmt::join(known, ", ")));
  }

  bool is_of(const ConnectionSettings& app) const {
    if (text("db_type") != app.db_type) return false;
    const std::string host = text("host"), socket = text("socket");
    const bool same_port = port_of(app.db_type, number("port")) == port_of(app.db_type, app.port);
    // PostgreSQL's socket is a folder, in which each port has its own.
    if (!app.socket.empty()) return socket == app.socket && (app.db_type != "postgres" || same_port);
    const bool has_socket_alone = !socket.empty() && host.empty() && number("port") == 0;
    if (has_socket_alone) return app.host.empty() && app.port == 0;
    return same_port && (host == app.host || (is_this_host(host) && is_this_host(app.host)));
  }

  ConnectionSettings account_for(const ConnectionSettings& app) const {
    ConnectionSettings admin = app;
    admin.user = text("username");
    if (admin.user.empty()) refuse("an entry has no \"username\"");
    admin.password = text("password");
    if (!text("socket").empty()) admin.socket = text("socket");
    return admin;
  }

 private:
  std::string text(const char* key) const {
    const auto value = m_entry.find(key);
    if (value == m_entry.end() || value->is_null()) return {};
    if (!value->is_string()) refuse(fmt::format("\"{}\" is not text", key));
    return value->get<std::string>();
  }
  int number(const char* key) const {
    const auto value = m_entry.find(key);
    if (value == m_entry.end() || value->is_null()) return 0;
    if (!value->is_number_integer()) refuse(fmt::format("\"{}\" is not a number", key));
    return value->get<int>();
  }
  [[noreturn]] void refuse(const std::string& problem) const {
    throw Error(Kind::configuration, fmt::format("{}: {}", m_file.string(), problem),
                R"(write {"servers": [{"db_type", "host", "port", "socket", "username", "password"}]})");
  }
  const nlohmann::json& m_entry;
  const std::filesystem::path& m_file;
};

// Who names an address of his own for the admin account may mean another server. Which server it is does not
// change while bench runs, so it is asked once.
bool is_proven_same_server(const ConnectionSettings& app, const ConnectionSettings& admin) {
  static std::mutex mutex;
  static std::set<std::string> proven;
  const std::string both =
      fmt::format("{}|{}|{}|{}|{}|{}", app.db_type, app.host, app.port, app.user, app.socket, admin.socket);
  const std::lock_guard lock(mutex);
  if (proven.contains(both)) return true;
  if (!get_backend(app.db_type).is_same_server(app, admin)) return false;
  proven.insert(both);
  return true;
}

std::string address(const ConnectionSettings& settings) {
  if (!settings.socket.empty()) return fmt::format("socket {}", settings.socket);
  return fmt::format("{}:{}", settings.host.empty() ? "127.0.0.1" : settings.host,
                     port_of(settings.db_type, settings.port));
}

// Only a socket of its own makes an account's address another than the site's.
void refuse_another_server(const ConnectionSettings& app, const ConnectionSettings& admin,
                           const std::filesystem::path& file) {
  try {
    if (admin.socket == app.socket || is_proven_same_server(app, admin)) return;
  } catch (const Error& error) {
    // Who cannot log in changes nothing, and that is told when the account is used.
    if (error.kind() != Kind::database) throw;
    return;
  }
  throw Error(Kind::configuration,
              fmt::format("{}: the server at {}, of which {} is the administrator there, is not known to be "
                          "the one at {}, where the site's database {} is",
                          file.string(), address(admin), admin.user, address(app), app.name),
              fmt::format("name there the administrator of the server at {}", address(app)));
}

std::optional<ConnectionSettings> from_file(const ConnectionSettings& app,
                                            const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  refuse_readable(file);
  const SiteConfig named = SiteConfig::load(file);
  const auto servers = named.json("servers");
  if (!servers || !servers->is_array())
    throw Error(Kind::configuration, fmt::format("{}: it has no list \"servers\"", file.string()),
                R"(write {"servers": [{"db_type", "host", "port", "socket", "username", "password"}]})");
  for (const auto& server : *servers) Entry(server, file).check_type();
  for (const auto& server : *servers)
    if (const Entry entry(server, file); entry.is_of(app)) {
      ConnectionSettings admin = entry.account_for(app);
      refuse_another_server(app, admin, file);
      return admin;
    }
  return std::nullopt;
}

std::optional<ConnectionSettings> from_config(const ConnectionSettings& app, const LayeredConfig& config) {
  const auto user = config.string("root_login"), password = config.string("root_password");
  if (!user && !password) return std::nullopt;
  return account(app, user, password.value_or(""));
}

// Debian's places.
std::string usual_socket(const ConnectionSettings& app) {
  return app.db_type == "postgres" ? "/var/run/postgresql" : "/run/mysqld/mysqld.sock";
}

// The system's account that bench runs as, where the server has a socket here. nullopt where there is none,
// or it is the app's own.
std::optional<ConnectionSettings> system_account(const ConnectionSettings& app) {
  if (app.socket.empty() && !is_this_host(app.host)) return std::nullopt;
  ConnectionSettings admin = app;
  if (admin.socket.empty()) admin.socket = usual_socket(app);
  const passwd* user = getpwuid(geteuid());
  if (user == nullptr || user->pw_name == app.user || !std::filesystem::exists(admin.socket))
    return std::nullopt;
  admin.user = user->pw_name;
  admin.password.clear();
  return admin;
}

std::optional<ConnectionSettings> through_socket(const ConnectionSettings& app) {
  const auto admin = system_account(app);
  if (!admin || !get_backend(app.db_type).is_administrator(*admin)) return std::nullopt;
  if (admin->socket != app.socket && !is_proven_same_server(app, *admin)) return std::nullopt;
  return admin;
}

}  // namespace

std::optional<ConnectionSettings> find_admin(const ConnectionSettings& app, const AdminSources& sources,
                                             const LayeredConfig& config) {
  if (!get_backend(app.db_type).has_server) return std::nullopt;
  if (auto admin = as_chosen(app, with_environment(sources.chosen))) return admin;
  if (auto admin = from_file(app, sources.file)) return admin;
  if (auto admin = from_config(app, config)) return admin;
  return through_socket(app);
}

const ConnectionSettings& require_admin(const SiteDatabase& site, std::string_view purpose) {
  if (site.admin) return *site.admin;
  get_backend(site.app.db_type).require_server(site.app);
  const auto tried = system_account(site.app);
  throw Error(Kind::configuration,
              fmt::format("{} takes an administrator of the database server at {}: none is named{}", purpose,
                          address(site.app),
                          tried ? fmt::format(", and the system's account {} is none", tried->user) : ""),
              "name one with --db-root-username and --db-root-password-file, in the environment, or in "
              "config/admin.json");
}

}  // namespace bench
