#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "migration/plan.hpp"
#include "migration/runner.hpp"
#include "workflow/put_back.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Which backups an operation takes around its change.
struct BackupMoments {
  bool before = true;
  bool after = true;
};
/// "before,after", "before", "after" or "none"; Error{usage} otherwise.
BackupMoments parse_backup_moments(std::string_view text);

struct MigrateOptions {
  FenceOptions fence;
  std::optional<BackupMoments> backup;  ///< else the config key migrate_backup, else both
  RunOptions::OnFailure on_patch_failure = RunOptions::OnFailure::stop;
  enum class Drift { refuse, accept } drift = Drift::refuse;
  /// `keep`: a failed run leaves the site fenced and readable (exit 8) wherever something of it could be
  /// committed.
  OnFailure on_failure = OnFailure::undo;
  /// `run`: --all-or-nothing, where the database can.
  RunOptions::Unit unit = RunOptions::Unit::patch;
  Database::LockPatience patience;
  RunOptions::InDoubt in_doubt = RunOptions::InDoubt::stop;
  /// What to do with a patch that stopped half-way when the site was opened to its writers after that: rows
  /// written since have missed the statements that were finished.
  enum class Opened { refuse, go_on } opened = Opened::refuse;
  std::string reason;  ///< what for, in words for the site's users; empty: what was announced
  /// Only this patch (its id, or `<app>.<id>`), with or without the log saying that it was applied.
  std::optional<std::string> only;
  enum class Force { no, yes } force = Force::no;
};

enum class MigrateResult { up_to_date, migrated, undone, needs_attention };
std::string_view name(MigrateResult result);

struct MigrateReport {
  std::string site;
  std::string operation;  ///< empty when nothing was pending
  MigrateResult result = MigrateResult::up_to_date;
  std::vector<PatchResult> patches;
  std::optional<WindowReport> window;
  std::optional<std::filesystem::path> before, after;  ///< manifests
  std::vector<std::string> notes;                      ///< what a person should read, each a sentence
  /// Set unless all went well. Its kind is the command's exit code: undone, needs_attention, bad_backup (the
  /// patches are in, the after-backup is not), interrupted, ...
  std::optional<Error> error;
};

/// The zero downtime migration of one site: see design section 7 and 8. What fails before the window opens is
/// thrown, the site untouched; what happens later is in the report.
MigrateReport migrate_site(const Workplace& workplace, const Site& site, const MigrateOptions& options);
/// migrate_site with the lock held, and nothing interrupted.
MigrateReport migrate_locked_site(const Workplace& workplace, const Site& site, const MigrateOptions& options,
                                  const FileLock& lock);

/// Whether a run of patches is what the operation did, which can go on where it stopped.
bool has_patches(const Operation& operation);
/// What a person is to type about an operation that needs one: as it was told when it stopped.
std::string next_command(const Site& site, const Operation& operation);
/// What he is to type whose site only stays in maintenance.
std::string lift_hint(const Site& site);

/// Error{needs_attention} while a migrate of the site stopped half-way: its window stands, and its
/// before-backup is the only one of before it. One whose database a restore has replaced since counts no
/// more.
void refuse_while_one_waits(const Site& site);

/// Goes on with a migrate that stopped half-way and holds its window, under the options it had: the
/// statements that it finished are not run again. `run_again` is a person's word about a statement of which
/// nobody knows whether it took effect.
MigrateReport resume_migrate(const Workplace& workplace, const Site& site, Operation& operation,
                             const FileLock& lock, RunOptions::InDoubt in_doubt);

/// All that is needed to say what a migrate would do; reads only.
struct MigrationOutlook {
  std::vector<Patch> patches;
  PatchLog log;
  MigrationPlan plan;
};
MigrationOutlook outlook_of(const Workplace& workplace, const Site& site);
/// What keeps a migrate from beginning: an operation that waits for a person, or a patch that is finished in
/// part in a site that was opened since.
std::optional<Error> why_refused(const Site& site, const MigrationOutlook& outlook);

}  // namespace bench
