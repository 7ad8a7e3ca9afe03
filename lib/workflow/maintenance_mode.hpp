#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maintenance/window.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct MaintenanceReport {
  std::string site;
  std::string operation;  ///< empty: nothing had to be done, or the record is lost
  SiteMode mode = SiteMode::live;
  bool scheduler_paused = false;
  bool changed = false;
  std::optional<FenceReport> fence;
  std::vector<std::string> notes;
};

/// The operator's own window, which outlives the process.
MaintenanceReport maintenance_on(const Workplace& workplace, const Site& site, const FenceOptions& options);
/// Lifts it, also when its record is lost. Error{needs_attention} when a migrate stopped half-way in it, and
/// when the app account has no right to write and no record says which were taken: unless the site is to be
/// opened as it is, and the account to get the usual ones.
enum class Doubtful { refuse, open };
MaintenanceReport maintenance_off(const Workplace& workplace, const Site& site, Doubtful doubtful);
/// Reads only.
MaintenanceReport maintenance_status(const Site& site);

enum class Scheduler { pause, resume };
/// Whether it changed.
bool set_scheduler(const Workplace& workplace, const Site& site, Scheduler state);

struct RunInMaintenanceOptions {
  std::vector<std::string> command;
  FenceOptions fence;
  std::optional<BackupMoments> backup;
};
/// The window, backups and undo of migrate around a foreign migrator. Reported like a migrate; `patches` is
/// empty.
MigrateReport run_in_maintenance(const Workplace& workplace, const Site& site,
                                 const RunInMaintenanceOptions& options);

}  // namespace bench
