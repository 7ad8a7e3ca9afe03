#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "base/error.hpp"
#include "base/module.hpp"
#include "database/backend.hpp"
#include "database/sqlite/backend.hpp"

namespace bench {

namespace {

const Backend* load_module(const char* name, const char* entry) {
  return reinterpret_cast<const Backend* (*)()>(module_entry(name, entry))();
}

const Backend* load_mariadb() {
  static const Backend* const backend = load_module("mariadb", "bench_mariadb_backend");
  return backend;
}

const Backend* load_postgres() {
  static const Backend* const backend = load_module("postgres", "bench_postgres_backend");
  return backend;
}

const Backend* own_sqlite() {
  return &sqlite_backend();
}

// THE backend table.
struct BackendRow {
  std::string_view db_type;
  const Backend* (*backend)();
};
constexpr std::array<BackendRow, 3> backends{
    {{"mariadb", load_mariadb}, {"postgres", load_postgres}, {"sqlite", own_sqlite}}};

std::string url_escaped(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (isalnum(static_cast<unsigned char>(character)) != 0 ||
        std::string_view("-._~").find(character) != std::string_view::npos)
      escaped += character;
    else
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return escaped;
}

}  // namespace

const Backend* find_backend(std::string_view db_type) {
  for (const BackendRow& row : backends)
    if (row.db_type == db_type) return row.backend();
  return nullptr;
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const BackendRow& row : backends) names.emplace_back(row.db_type);
  return names;
}

const Backend& get_backend(std::string_view db_type) {
  const Backend* backend = find_backend(db_type);
  if (backend != nullptr) return *backend;
  throw Error(Kind::configuration, fmt::format("this version of bench has no database type '{}'", db_type),
              fmt::format("use a site whose db_type is one of: {}", fmt::join(backend_names(), ", ")));
}

std::string database_url(std::string_view scheme, const ConnectionSettings& settings,
                         std::string_view socket_parameter) {
  std::string url =
      fmt::format("{}://{}:{}@", scheme, url_escaped(settings.user), url_escaped(settings.password));
  if (settings.socket.empty()) {
    url += settings.host.empty() ? "127.0.0.1" : url_escaped(settings.host);
    if (settings.port != 0) url += fmt::format(":{}", settings.port);
  } else if (scheme != "postgresql") {
    url += "localhost";
  }
  url += fmt::format("/{}", url_escaped(settings.name));
  if (!settings.socket.empty()) url += fmt::format("?{}={}", socket_parameter, url_escaped(settings.socket));
  return url;
}

std::string connection_hint(std::string_view reason) {
  const auto says_any_of = [reason](std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(
        words, [reason](std::string_view word) { return reason.find(word) != std::string_view::npos; });
  };
  if (says_any_of({"SSL", "TLS", "certificate"}))
    return "see db_ssl_ca, db_ssl_cert and db_ssl_key, and that the server's certificate names db_host";
  if (says_any_of({"to database '", "permission denied for database"}))
    return "the password is right, but the account has no right to this database: grant it, or name another "
           "administrator (--db-root-username, config/admin.json)";
  if (says_any_of({"denied", "authentication failed", "no password", "role \"", "pg_hba.conf"}))
    return "check the account's name and password: db_user (else db_name) and db_password of the site, or "
           "those "
           "of the administrator (--db-root-username, config/admin.json)";
  return "check that the server runs, and db_host, db_port and db_socket";
}

ConnectionSettings connection_settings(const LayeredConfig& config,
                                       const std::filesystem::path& site_folder) {
  ConnectionSettings settings;
  settings.db_type = config.string("db_type").value_or("mariadb");
  settings.name = config.string("db_name").value_or("");
  if (settings.name.empty() || settings.name.find('/') != std::string::npos)
    throw Error(Kind::configuration,
                fmt::format("{}: db_name is missing or holds a slash", config.site().file().string()),
                "set db_name with bench set-config");
  settings.host = config.string("db_host").value_or("");
  settings.port = static_cast<int>(config.integer("db_port").value_or(0));
  settings.socket = config.string("db_socket").value_or("");
  settings.user = config.string("db_user").value_or(settings.name);
  settings.password = config.string("db_password").value_or("");
  settings.tls_ca = config.string("db_ssl_ca").value_or("");
  settings.tls_certificate = config.string("db_ssl_cert").value_or("");
  settings.tls_key = config.string("db_ssl_key").value_or("");
  settings.file = site_folder / "db" / (settings.name + ".db");
  return settings;
}

std::optional<ConnectionSettings> replica_settings(const LayeredConfig& config,
                                                   const std::filesystem::path& site_folder) {
  ConnectionSettings settings = connection_settings(config, site_folder);
  if (!config.flag("read_from_replica") || !get_backend(settings.db_type).has_server) return std::nullopt;
  settings.host = config.string("replica_host").value_or("");
  settings.socket = config.string("replica_db_socket").value_or("");
  if (settings.host.empty() && settings.socket.empty())
    throw Error(Kind::configuration,
                fmt::format("{}: read_from_replica is on, but there is no replica_host",
                            config.site().file().string()),
                "set replica_host with bench set-config");
  if (const auto port = config.integer("replica_db_port")) settings.port = static_cast<int>(*port);
  if (const auto name = config.string("replica_db_name")) settings.name = *name;
  if (config.flag("different_credentials_for_replica")) {
    settings.user = config.string("replica_db_user").value_or(settings.name);
    settings.password = config.string("replica_db_password").value_or("");
  }
  return settings;
}

}  // namespace bench
