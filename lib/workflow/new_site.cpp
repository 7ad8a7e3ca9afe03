#include "workflow/new_site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "migration/runner.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "operation/site_lock.hpp"
#include "users/password.hpp"
#include "users/users.hpp"
#include "workflow/accounts.hpp"
#include "workflow/core_app.hpp"
#include "workflow/unfinished_sites.hpp"

namespace bench {

namespace {

constexpr std::string_view default_db_type = "sqlite";

// Servers allow 63 or 64 characters, of which a scratch database's name needs some beside this one.
constexpr std::size_t longest_server_name = 32;

// Where the old site's database is on a server, it is there until the new site is whole.
std::string database_name(const NewSiteOptions& options, const Backend& backend, bool replaces) {
  if (options.db_name) return *options.db_name;
  std::string name = options.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  if (!backend.has_server) return name;
  // PostgreSQL keeps names that begin so for itself.
  if (name.starts_with("pg_")) name.insert(0, "site_");
  if (replaces) return fmt::format("{}_{}", name.substr(0, longest_server_name), random_hex(3));
  if (name.size() <= longest_server_name) return name;
  return fmt::format("{}_{}", name.substr(0, longest_server_name), sha256(options.name).substr(0, 6));
}

std::string database_type(const BenchFolder& bench, const NewSiteOptions& options) {
  std::string type = options.db_type.value_or(
      bench.common_config().string("db_type").value_or(std::string(default_db_type)));
  const Backend& backend = get_backend(type);
  const bool names_server =
      options.db_host || options.db_port || options.db_socket || options.db_user || options.db_password;
  if (names_server && !backend.has_server)
    throw Error(Kind::usage,
                fmt::format("a server, user or password is given, but a {} database has none", type),
                "leave the option out, or choose a server database with --db-type");
  return type;
}

// As a file's name as well.
void check_database_name(const std::string& name) {
  constexpr std::size_t longest = 64;
  const bool is_odd = name.empty() || name == "." || name == ".." || name.size() > longest ||
                      std::ranges::any_of(name, [](char c) {
                        return c == '/' || std::iscntrl(static_cast<unsigned char>(c)) != 0;
                      });
  if (is_odd)
    throw Error(Kind::usage, fmt::format("{} is no name for a database", shell_word(name)),
                "give --db-name up to 64 characters, without slashes");
}

nlohmann::ordered_json config_of(const NewSiteOptions& options, const std::string& db_type, bool replaces) {
  const Backend& backend = get_backend(db_type);
  nlohmann::ordered_json config{{"db_name", database_name(options, backend, replaces)}, {"db_type", db_type}};
  if (options.db_host) config["db_host"] = *options.db_host;
  if (options.db_port) config["db_port"] = *options.db_port;
  if (options.db_socket) config["db_socket"] = *options.db_socket;
  if (options.db_user) config["db_user"] = *options.db_user;
  if (backend.has_server) config["db_password"] = options.db_password.value_or(random_hex(12));
  std::vector<std::string> apps;
  for (const std::string& app : options.apps)
    if (std::find(apps.begin(), apps.end(), app) == apps.end()) apps.push_back(app);
  config["installed_apps"] = apps;
  return config;
}

void make_site_folders(const Site& site) {
  make_folders(site.public_files());
  make_folders(site.path() / "private", 0700);
  make_folders(site.private_files());
  make_folders(site.backups_folder(), 0700);
  make_folders(site.path() / "locks");
  make_folders(site.path() / "logs");
}

/// A site under construction, in a folder that is not a site yet. Destroyed without `publish`, nothing of it
/// is left.
class SiteUnderConstruction {
 public:
  SiteUnderConstruction(const Workplace& workplace, const std::string& name)
      : m_workplace(workplace),
        m_target(workplace.bench.sites_folder() / name),
        m_site(workplace.bench.path(), workplace.bench.unfinished_sites_folder() / name) {
    make_folders(m_site.path());
    m_lock.emplace(lock_site(m_site, std::chrono::milliseconds(0)));
  }
  ~SiteUnderConstruction() {
    std::error_code ignored;
    // Once the old site is in the archive there is only forward, and `recover` goes there.
    const bool is_only_one = std::filesystem::exists(replacement_mark(m_site.path()), ignored) &&
                             !std::filesystem::exists(m_target, ignored);
    if (!m_published && !is_only_one && drop_database()) {
      std::filesystem::remove_all(m_site.path(), ignored);
      std::filesystem::remove(replacement_mark(m_site.path()), ignored);
    }
    std::filesystem::remove(m_site.path().parent_path(), ignored);
  }
  SiteUnderConstruction(const SiteUnderConstruction&) = delete;
  SiteUnderConstruction& operator=(const SiteUnderConstruction&) = delete;

  const Site& site() const { return m_site; }

  void create_database() const {
    const Backend& backend = backend_of(m_site);
    const SiteDatabase database = database_of(m_workplace, m_site);
    try {
      backend.create_database(database, AppAccount::must_be_new,
                              [this] { write_file_atomically(database_mark(m_site.path()), ""); });
    } catch (const Error&) {
      if (is_known_to_lack(backend, database)) remove_tree(database_mark(m_site.path()));
      throw;
    }
  }

  /// From here on a kill leaves what `finish_unfinished_sites` publishes.
  void will_replace() const { write_file_atomically(replacement_mark(m_site.path()), ""); }
  void publish() {
    publish_site(m_site.path(), m_target);
    m_published = true;
  }

 private:
  // Who may create no database may drop none, not even one that is not there.
  static bool is_known_to_lack(const Backend& backend, const SiteDatabase& database) {
    try {
      return !backend.has_database(database);
    } catch (const Error&) {
      return false;
    }
  }
  // What cannot be dropped now is left, with its folder, to `recover`.
  bool drop_database() const {
    try {
      if (backend_of(m_site).has_server && std::filesystem::exists(database_mark(m_site.path())))
        backend_of(m_site).drop_database(database_of(m_workplace, m_site));
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  const Workplace& m_workplace;
  std::filesystem::path m_target;
  Site m_site;
  std::optional<FileLock> m_lock;
  bool m_published = false;
};

}  // namespace

namespace {

void make_core(const Workplace& workplace, const Site& site, const NewSiteOptions& options) {
  const auto database = connect_for_changes(workplace, site);
  apply_core(workplace, *database, "new-site");
  make_encryption_key(site);
  if (!options.admin_password) return;
  set_user(*database,
           {.name = std::string(administrator),
            .full_name = std::string(administrator),
            .password_hash = hash_password(*options.admin_password)},
           Role::writer);
}

}  // namespace

NewSiteReport new_site(const Workplace& workplace, const NewSiteOptions& options) {
  check_site_name(options.name);
  const std::string db_type = database_type(workplace.bench, options);
  if (options.db_name) check_database_name(*options.db_name);
  for (const std::string& app : options.apps) workplace.apps.get(app);
  for (const UnfinishedSite& left : finish_unfinished_sites(workplace, options.name))
    if (left.error) throw Error(*left.error);
  const std::filesystem::path target = workplace.bench.sites_folder() / options.name;
  const bool is_taken = std::filesystem::exists(target);
  const bool can_replace = options.replace && workplace.bench.has_site(options.name);
  if (is_taken && !can_replace)
    throw Error(Kind::usage, fmt::format("{} exists already", target.string()), "choose another name");

  SiteUnderConstruction unfinished(workplace, options.name);
  const Site& site = unfinished.site();
  pause_point("new-site.begun");
  workplace.progress.phase(fmt::format("creating {} with a {} database", options.name, db_type));
  make_site_folders(site);
  write_file_atomically(site.config_file(), config_of(options, db_type, is_taken).dump(1) + "\n", 0600);
  unfinished.create_database();
  pause_point("new-site.database-created");
  make_core(workplace, site, options);
  throw_if_interrupted();
  pause_point("new-site.core-applied");

  NewSiteReport report{.site = options.name, .db_type = db_type, .db_name = settings_of(site).name};
  for (const Patch& patch : patches_of(workplace, site)) report.pending += patch.app == "core" ? 0 : 1;
  // Only now, with the new site whole, does the old one go: with its backup, to the archive.
  if (is_taken) {
    unfinished.will_replace();
    drop_site(workplace, Site(workplace.bench.path(), target), {});
    pause_point("new-site.replaced");
  }
  unfinished.publish();
  pause_point("new-site.published");
  report.folder = workplace.bench.sites_folder() / options.name;
  report.apps = Site(workplace.bench.path(), report.folder).installed_apps();
  if (options.set_default)
    edit_config(workplace.bench.common_config_file(), workplace.bench.common_config_locks(),
                [&options](SiteConfig& config) { config.set_string("default_site", options.name); });
  return report;
}

}  // namespace bench
