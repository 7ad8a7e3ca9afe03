#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/backup_set.hpp"
#include "backup/compression.hpp"
#include "base/progress.hpp"
#include "database/exporter.hpp"
#include "site/site.hpp"

namespace bench {

/// Frappe's names of a set's files, for one stamp.
struct SetNames {
  std::string prefix;  ///< `20261121_034100-my_site`
  std::string database, files, private_files, config, manifest;
};
/// `partial` puts `-partial` into the database's name; `archive_compression` turns tar into tgz.
SetNames set_names(const std::string& site, const std::string& stamp, bool partial, Compression database_compression,
                   Compression archive_compression);

struct BackupRequest {
  std::filesystem::path folder;  ///< where everything goes that has no path of its own
  /// Frappe's --backup-path-db, -files, -private-files, -conf: whole paths of single files. Then the manifest names them
  /// with their paths.
  std::optional<std::filesystem::path> database_path, files_path, private_files_path, config_path;
  bool with_files = false;
  Compression database_compression = Compression::gzip;
  Compression archive_compression = Compression::none;
  TableSelection selection;
  /// What the manifest cannot find out by itself.
  std::string operation;
  std::string db_type, db_version, db_name;
  bool same_moment = false;
  std::vector<std::pair<std::string, std::string>> apps;
  std::vector<ManifestPatch> patches;
  /// Text of the site's config as it was before the window.
  std::string config_text;
};

/// Writes a set from a snapshot: each file under a temporary name, fsynced, renamed; the manifest last. The set is stream
/// verified before the manifest is put in place. On an error nothing of it is left.
BackupSet create_set(const Site& site, Exporter& exporter, const BackupRequest& request, Progress& progress);

/// Removes sets that are older than `hours`, and unfinished temporaries, but never the newest verified set, and nothing unless
/// `newest` is newer than what goes. Files that are not part of a finished set of ours are left alone. Answers what was removed.
std::vector<std::filesystem::path> remove_old_sets(const std::filesystem::path& folder, const BackupSet& newest, std::int64_t hours);

}  // namespace bench
