#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backup/backup_set.hpp"
#include "backup/compression.hpp"
#include "backup/set_names.hpp"
#include "base/progress.hpp"
#include "database/exporter.hpp"
#include "site/site.hpp"

namespace bench {

struct BackupRequest {
  /// Of the set's names; noted in the operation's record before the first byte. Empty: `free_stamp`.
  std::string stamp;
  std::filesystem::path folder;                ///< where everything goes that has no path of its own
  std::vector<std::filesystem::path> folders;  ///< where other sets of the site lie
  /// Frappe's --backup-path-db, -files, -private-files, -conf: whole paths of single files. Then the manifest
  /// names them with their paths.
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

/// The stamp of now, or of the first second after it that no file of a set of this site in the folders bears.
std::string free_stamp(const std::vector<std::filesystem::path>& folders, const std::string& site);

/// Writes a set from a snapshot: each file under a temporary name, the database first, then files, then the
/// config; all are stream verified before the first gets its name, and the manifest comes last. On an error
/// nothing of it is left; after a kill, `remove_interrupted_sets` (which this calls first) removes what is
/// left. A file with a path of its own replaces the one that is there: which set of `folders` is not whole
/// any more is told, and one that has no file left loses its manifest.
BackupSet create_set(const Site& site, Exporter& exporter, const BackupRequest& request, Progress& progress);

/// Removes what a killed `create_set` or `remove_old_sets` left in the folder: temporary files whose writer
/// is gone, and the files of a set whose manifest was never put in place. Call it under the lock of the site.
void remove_interrupted_sets(const std::filesystem::path& folder);

/// Removes the set's files beside its manifest; a kill in the middle leaves what `remove_interrupted_sets`
/// finishes. Answers what was removed.
std::vector<std::filesystem::path> remove_set(const BackupSet& set);

/// Removes sets of the same site that are older than `hours`, but nothing that is not older than `newest`,
/// which was just verified, and no set that holds something (the whole database, files, private files) that
/// no newer set holds whose files are all there. Files that are not part of a finished set of ours, or lie
/// elsewhere, are left alone. Answers what was removed.
std::vector<std::filesystem::path> remove_old_sets(const std::filesystem::path& folder,
                                                   const BackupSet& newest, std::int64_t hours);

}  // namespace bench
