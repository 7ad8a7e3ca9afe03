#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/site_config.hpp"
#include "site/site.hpp"

namespace bench {

/// A bench: a folder with `sites/`, in which `common_site_config.json` or `apps.txt` lies.
class BenchFolder {
 public:
  /// `explicit_folder` (from --bench or BENCH_PATH), else upwards from `start`. Error{configuration} when
  /// there is none.
  static BenchFolder find(const std::optional<std::filesystem::path>& explicit_folder,
                          const std::filesystem::path& start);
  /// Creates the folder (Frappe's layout: sites/ with an empty common config and apps.txt, apps/, config/,
  /// logs/). A folder that is a bench already is an Error{usage}; one that is not empty, too.
  static BenchFolder create(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return m_path; }
  std::filesystem::path sites_folder() const { return m_path / "sites"; }
  std::filesystem::path common_config_file() const { return sites_folder() / "common_site_config.json"; }
  ConfigLocks common_config_locks() const;
  std::filesystem::path archived_sites_folder() const { return m_path / "archived" / "sites"; }
  /// Where `new-site` builds a site before it becomes one by a rename; a folder that is left here was
  /// interrupted.
  std::filesystem::path unfinished_sites_folder() const { return sites_folder() / ".new"; }

  SiteConfig common_config() const { return SiteConfig::load(common_config_file()); }
  /// Every real folder (no link, no dot) under sites/ with a site_config.json, sorted.
  std::vector<std::string> site_names() const;
  bool has_site(const std::string& name) const;
  /// Error{configuration} with a suggestion when there is no such site.
  Site site(const std::string& name) const;

  /// The lines of sites/apps.txt.
  std::vector<std::string> listed_apps() const;

 private:
  explicit BenchFolder(std::filesystem::path path) : m_path(std::move(path)) {}
  std::filesystem::path m_path;
};

/// Error{usage} when `name` cannot be a site's: letters, digits, '.', '-' and '_' only, no leading dot or
/// dash, no "..", at most 100 characters, not "all", not a name that Frappe keeps in sites/ ("assets").
void check_site_name(const std::string& name);

}  // namespace bench
