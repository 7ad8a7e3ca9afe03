#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/backup_set.hpp"
#include "backup/create.hpp"
#include "maintenance/window.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct BackupOptions {
  bool with_files = false;
  Compression archive_compression = Compression::none;       ///< --compress: gzip
  std::optional<Compression> database_compression;           ///< else the config key backup_compression, else gzip
  TableSelection selection;
  bool ignore_config_selection = false;                      ///< --ignore-backup-conf
  std::optional<std::filesystem::path> folder;               ///< --backup-path; else the config's backup_path, else the site's
  std::optional<std::filesystem::path> database_path, files_path, private_files_path, config_path;
  bool in_window = false;                                    ///< database, files and config of one moment
  FenceOptions fence;
};

struct BackupReport {
  std::string site;
  std::string operation;
  std::filesystem::path manifest;
  Manifest content;
  std::vector<std::filesystem::path> removed;  ///< by retention
  std::optional<WindowReport> window;
};

/// Takes a set, verifies it, then removes what keep_backups_for_hours lets go.
BackupReport backup_site(const Workplace& workplace, const Site& site, const BackupOptions& options);

/// A set as part of another operation, from a connection that may hold the fence. `folder` is where it goes.
BackupSet take_backup(const Workplace& workplace, const Site& site, const Operation& operation, Exporter& exporter,
                      const std::filesystem::path& folder, bool with_files, bool same_moment);

/// Where the site's sets are looked for: its backup path, then the before-sets of its operations.
std::vector<std::filesystem::path> backup_folders(const Site& site);

struct VerifyReport {
  std::string site;
  std::string set;
  std::filesystem::path manifest;
  bool drilled = false;
  std::size_t tables = 0;
  std::int64_t rows = 0;
};
enum class Drill { no, yes };
/// Error{bad_backup} when the set is not good.
VerifyReport verify_backup(const Workplace& workplace, const Site& site, const std::string& reference, Drill drill);

}  // namespace bench
