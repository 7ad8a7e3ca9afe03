#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/site_config.hpp"

namespace bench {

/// A site that exists; knows its paths and its configuration, and holds no connection.
class Site {
 public:
  Site(std::filesystem::path bench, std::filesystem::path folder);

  const std::string& name() const { return m_name; }
  const std::filesystem::path& bench() const { return m_bench; }
  const std::filesystem::path& path() const { return m_folder; }

  std::filesystem::path config_file() const { return m_folder / "site_config.json"; }
  ConfigLocks config_locks() const;
  std::filesystem::path public_files() const { return m_folder / "public" / "files"; }
  std::filesystem::path private_files() const { return m_folder / "private" / "files"; }
  std::filesystem::path backups_folder() const { return m_folder / "private" / "backups"; }
  std::filesystem::path operations_folder() const { return m_folder / "operations"; }
  std::filesystem::path operation_lock() const { return m_folder / "locks" / "bench_migrate.lock"; }
  /// What `announce-maintenance` says: {"at", "until" (both ISO 8601), "reason"}; the last two may be
  /// missing.
  std::filesystem::path announcement_file() const { return m_folder / "announcement.json"; }
  std::filesystem::path log_file() const { return m_folder / "logs" / "bench.log"; }

  /// Read anew from the files at each call.
  LayeredConfig config() const;
  /// Changes the site's own file under both locks; see `edit_config`.
  bool edit_config(const std::function<void(SiteConfig&)>& change) const;

  /// `core` first, then `installed_apps` of the site's own config in their order.
  std::vector<std::string> installed_apps() const;

 private:
  std::filesystem::path m_bench;
  std::filesystem::path m_folder;
  std::string m_name;
};

}  // namespace bench
