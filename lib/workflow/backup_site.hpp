#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/backup_set.hpp"
#include "backup/create.hpp"
#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct BackupOptions {
  bool with_files = false;
  Compression archive_compression = Compression::none;  ///< --compress: gzip
  std::optional<Compression> database_compression;      ///< else the config key backup_compression, else gzip
  TableSelection selection;
  bool ignore_config_selection = false;  ///< --ignore-backup-conf
  std::optional<std::filesystem::path>
      folder;  ///< --backup-path; else the config's backup_path, else the site's
  std::optional<std::filesystem::path> database_path, files_path, private_files_path, config_path;
  bool in_window = false;  ///< database, files and config of one moment
  FenceOptions fence;
};

struct BackupReport {
  std::string site;
  std::string operation;
  std::filesystem::path manifest;
  Manifest content;
  std::vector<std::filesystem::path> removed;  ///< by retention
  std::vector<std::string> restore_limits;     ///< see Exporter
  std::optional<WindowReport> window;
};

/// Takes a set, verifies it, then removes what keep_backups_for_hours lets go.
BackupReport backup_site(const Workplace& workplace, const Site& site, const BackupOptions& options);

enum class SameMoment { no, yes };
enum class WithFiles { no, yes };
/// A set of database, config and on demand files as part of another operation, in `folder`. `same_moment`: a
/// fence that the database enforces stands around it.
BackupSet take_backup(const Workplace& workplace, const Site& site, Operation& operation,
                      const std::filesystem::path& folder, SameMoment same_moment,
                      WithFiles with_files = WithFiles::no);

/// The same in two steps: it holds the snapshot from its construction on, and `finish` writes and verifies
/// the set, also when writers are at work again.
class OpenBackup {
 public:
  OpenBackup(const Workplace& workplace, const Site& site, Operation& operation,
             const std::filesystem::path& folder, SameMoment same_moment);
  BackupSet finish();

 private:
  const Workplace& m_workplace;
  const Site& m_site;
  Operation& m_operation;
  BackupRequest m_request;
  std::unique_ptr<Exporter> m_exporter;
};

/// Where the site's sets are looked for: its backup path, then the before-sets of its operations.
std::vector<std::filesystem::path> backup_folders(const Site& site);

/// The set that `reference` names, stream verified. Error{bad_backup} when there is none or it is not good.
BackupSet open_verified_set(const Workplace& workplace, const Site& site, const std::string& reference);
/// An error of a backup that is not good, with a hint that leads to another one.
Error with_way_out(const Site& site, const Error& error);

struct VerifyReport {
  std::string site;
  std::string set;
  std::filesystem::path manifest;
  bool drilled = false;
  std::size_t tables = 0;
  std::int64_t rows = 0;
  /// What of a partial set was not proven, because it needs what the set does not hold.
  std::vector<std::string> not_proven;
};
enum class Drill { no, yes };
/// Error{bad_backup} when the set is not good.
VerifyReport verify_backup(const Workplace& workplace, const Site& site, const std::string& reference,
                           Drill drill);

/// A scratch database in the operation's folder. Error{bad_backup} when the site's database is not of type
/// `db_type`.
std::unique_ptr<Scratch> make_scratch(const Workplace& workplace, const Site& site,
                                      const Operation& operation, const std::string& db_type);

/// Lets go of the before-sets of all but the last five operations, of what all but the last five restores
/// replaced, and of the records of all but the last 500. An operation that is open or needs attention keeps
/// what it has.
void prune_operations(const Site& site);

}  // namespace bench
