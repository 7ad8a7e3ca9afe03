#include "config/keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/suggestion.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

constexpr auto integer = KeyType::integer;
constexpr auto port = KeyType::port;
constexpr auto boolean = KeyType::boolean;
constexpr auto string = KeyType::string;
constexpr auto names = KeyType::names;
constexpr auto object = KeyType::object;
constexpr auto any = KeyType::any;
constexpr auto open = Secrecy::open;
constexpr auto secret = Secrecy::secret;

std::string quoted_list(const std::vector<std::string_view>& values) {
  std::string result;
  for (const auto value : values) result += fmt::format("{}'{}'", result.empty() ? "" : ", ", value);
  return result;
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table, made when it is first asked for.
const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = {
      // The site's database.
      {"db_type", string, open, "which database the site uses", {"mariadb", "postgres", "sqlite"}},
      {"db_host", string, open, "the database server's host"},
      {"db_port", port, open, "the database server's port"},
      {"db_socket", string, open, "the database server's socket, instead of host and port"},
      {"db_name", string, open, "the site's database"},
      {"db_user", string, open, "the account that the site's processes use"},
      {"db_password", string, secret, "that account's password"},
      {"db_ssl_ca", string, open, "file of the authority that signed the server's certificate"},
      {"db_ssl_cert", string, open, "file of the client's certificate"},
      {"db_ssl_key", string, open, "file of the client's private key"},
      {"rds_db", boolean, open, "the server is a managed one, whose administrator cannot grant everything"},
      {"root_login", string, open, "the database administrator's account"},
      {"root_password", string, secret, "that account's password"},

      // A replica to read from.
      {"read_from_replica", boolean, open, "whether reads may go to the replica"},
      {"replica_host", string, open, "the replica's host"},
      {"replica_db_socket", string, open,
       "the replica's socket: MariaDB's file, PostgreSQL's folder (instead of a host)"},
      {"replica_db_port", port, open, "the replica's port"},
      {"different_credentials_for_replica", boolean, open, "whether the replica has its own account"},
      {"replica_db_user", string, open, "the replica's account"},
      {"replica_db_name", string, open, "the replica's database"},
      {"replica_db_password", string, secret, "the password of the replica's account"},

      // Maintenance.
      {"maintenance_mode", boolean, open, "whether the site is in maintenance"},
      {"allow_reads_during_maintenance", boolean, open, "whether reads are answered during maintenance"},
      {"pause_scheduler", boolean, open, "whether scheduled jobs wait"},
      {"disable_scheduler", boolean, open, "whether scheduled jobs never run"},
      {"scheduler_tick_interval", integer, open, "seconds between two looks at the schedule"},

      // Apps and migration.
      {"installed_apps", names, open, "the apps that are installed on the site, in their order"},
      {"install_apps", names, open, "the apps that a new site gets"},
      {"migrate_backup",
       string,
       open,
       "which backups a migrate takes",
       {"before,after", "before", "after", "none"}},
      {"hook_timeout", integer, open, "seconds that a hook or an executable patch may take (600)"},
      {"developer_mode", boolean, open, "whether changes made on the site go to the app's files"},
      {"server_script_enabled", boolean, open, "whether scripts stored in the site may run"},
      {"skip_setup_wizard", boolean, open, "whether a new site starts without its setup wizard"},
      {"allow_tests", boolean, open, "whether tests may run on the site"},

      // Backups.
      {"backup_path", string, open, "the folder of the site's backups"},
      {"backup_compression", string, open, "how the database is compressed in a backup", {"gzip", "zstd"}},
      {"keep_backups_for_hours", integer, open, "how long backups are kept"},
      {"backup_limit", integer, open, "how many backups are kept for download"},
      {"backup", object, open, "which tables a backup includes or excludes"},
      {"backup_encryption_key", string, secret, "the key that encrypts backups"},
      {"encryption_key", string, secret, "the key that encrypts passwords stored in the site"},

      // The web side.
      {"default_site", string, open, "the site that commands act on when none is named"},
      {"host_name", string, open, "the site's address as people type it"},
      {"trusted_proxies", names, open, "addresses of the proxies whose X-Forwarded headers are believed"},
      {"domains", any, open, "further names that the site answers to"},
      {"ssl_certificate", string, open, "file of the site's certificate"},
      {"ssl_certificate_key", string, open, "file of the site's private key"},
      {"dns_multitenant", boolean, open, "whether the host name chooses the site"},
      {"serve_default_site", boolean, open, "whether unknown host names get the default site"},
      {"webserver_port", port, open, "the port of the web server"},
      {"socketio_port", port, open, "the port of the realtime server"},
      {"file_watcher_port", port, open, "the port of the file watcher"},
      {"gunicorn_workers", integer, open, "how many web processes run"},
      {"gunicorn_max_requests", integer, open, "after how many requests a web process is replaced"},
      {"http_timeout", integer, open, "seconds that a request may take"},
      {"max_file_size", integer, open, "bytes that an uploaded file may have"},
      {"throttle_user_limit", integer, open, "how many users may be created in an hour"},
      {"rate_limit", object, open, "how much time requests may take within a window"},
      {"allow_cors", any, open, "origins that may call the site"},
      {"ignore_csrf", boolean, open, "whether requests need no CSRF token"},
      {"disable_website_cache", boolean, open, "whether pages are rendered anew each time"},
      {"live_reload", boolean, open, "whether browsers reload when files change"},
      {"admin_password", string, secret, "the administrator's password of a new site"},

      // Queues.
      {"redis_cache", string, open, "address of the cache"},
      {"redis_queue", string, open, "address of the job queue"},
      {"redis_socketio", string, open, "address of the realtime server's queue"},
      {"use_redis_auth", boolean, open, "whether the queues need a login"},
      {"use_rq_auth", boolean, open, "whether the job queue needs a login"},
      {"rq_username", string, open, "the job queue's account"},
      {"rq_password", string, secret, "that account's password"},
      {"background_workers", integer, open, "how many workers run jobs"},
      {"workers", object, open, "further queues and their workers"},

      // Mail.
      {"mute_emails", boolean, open, "whether no mail is sent"},
      {"mail_server", string, open, "the server that sends mail"},
      {"mail_port", port, open, "its port"},
      {"mail_login", string, open, "its account"},
      {"mail_password", string, secret, "that account's password"},
      {"use_ssl", boolean, open, "whether mail is sent through TLS from the start"},
      {"use_tls", boolean, open, "whether mail is sent through STARTTLS"},
      {"auto_email_id", string, open, "the sender of automatic mail"},
      {"email_sender_name", string, open, "the sender's name in automatic mail"},
      {"always_use_account_email_id_as_sender", boolean, open, "whether the account is always the sender"},
      {"always_use_account_name_as_sender_name", boolean, open, "whether its name is always the sender's"},
      {"error_report_email", string, open, "who is told of errors"},

      // Logs, and the bench itself.
      {"logging", integer, open, "how much of the database's work is logged"},
      {"monitor", boolean, open, "whether requests and jobs are timed"},
      {"enable_frappe_logger", boolean, open, "whether the apps' log is written"},
      {"frappe_user", string, open, "the system's user that the bench belongs to"},
      {"lang", string, open, "the language of the site"},
      {"rebase_on_pull", boolean, open, "whether updates of apps are rebased"},
      {"update_bench_on_update", boolean, open, "whether an update renews bench, too"},
      {"restart_supervisor_on_update", boolean, open, "whether an update restarts supervisor's processes"},
      {"restart_systemd_on_update", boolean, open, "whether an update restarts systemd's units"},
      {"shallow_clone", boolean, open, "whether apps are fetched without their history"},
  };
  return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto& keys = config_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [name](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

bool is_secret_key(std::string_view name) {
  if (const ConfigKey* key = find_config_key(name)) return key->secrecy == Secrecy::secret;
  const std::string lower = lower_case(name);
  static constexpr std::array<std::string_view, 6> marks = {"password", "passwd", "secret",
                                                            "token",    "apikey", "private_key"};
  const auto holds = [&lower](std::string_view mark) { return lower.find(mark) != std::string::npos; };
  return lower.ends_with("_key") || std::any_of(marks.begin(), marks.end(), holds);
}

std::optional<std::string> similar_config_key(std::string_view name) {
  if (find_config_key(name) != nullptr) return std::nullopt;
  std::vector<std::string> known;
  known.reserve(config_keys().size());
  for (const ConfigKey& key : config_keys()) known.emplace_back(key.name);
  return nearest(name, known);
}

std::string expectation(const ConfigKey& key) {
  if (!key.values.empty()) return "one of " + quoted_list(key.values);
  switch (key.type) {
    case KeyType::integer:
      return "a whole number";
    case KeyType::port:
      return "a port, 1 to 65535";
    case KeyType::boolean:
      return "0 or 1";
    case KeyType::string:
      return "text";
    case KeyType::names:
      return "a list of names";
    case KeyType::object:
      return "an object";
    case KeyType::any:
      return "any value";
  }
  return {};
}

}  // namespace bench
