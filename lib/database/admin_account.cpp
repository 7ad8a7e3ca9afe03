#include "database/admin_account.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {

namespace {

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
    const std::string socket = text("socket");
    if (!app.socket.empty()) return socket == app.socket;
    const std::string host = text("host");
    const int port = number("port");
    const bool same_host = host == app.host || (is_this_host(host) && is_this_host(app.host));
    return same_host && (port == 0 || port == app.port);
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

std::optional<ConnectionSettings> from_file(const ConnectionSettings& app,
                                            const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  refuse_readable(file);
  const SiteConfig admin = SiteConfig::load(file);
  const auto servers = admin.json("servers");
  if (!servers || !servers->is_array())
    throw Error(Kind::configuration, fmt::format("{}: it has no list \"servers\"", file.string()),
                R"(write {"servers": [{"db_type", "host", "port", "socket", "username", "password"}]})");
  for (const auto& server : *servers) Entry(server, file).check_type();
  for (const auto& server : *servers)
    if (const Entry entry(server, file); entry.is_of(app)) return entry.account_for(app);
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

std::optional<ConnectionSettings> through_socket(const ConnectionSettings& app) {
  if (app.socket.empty() && !is_this_host(app.host)) return std::nullopt;
  ConnectionSettings admin = app;
  if (admin.socket.empty()) admin.socket = usual_socket(app);
  const passwd* user = getpwuid(geteuid());
  if (user == nullptr || !std::filesystem::exists(admin.socket)) return std::nullopt;
  admin.user = user->pw_name;
  admin.password.clear();
  if (admin.user == app.user || !get_backend(app.db_type).is_administrator(admin)) return std::nullopt;
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

}  // namespace bench
