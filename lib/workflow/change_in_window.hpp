#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "maintenance/window.hpp"
#include "operation/operation.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/put_back.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// What the work inside a window came to.
struct ChangeOutcome {
  std::optional<Error> failure;
  /// Whether a failed change left something behind that no rollback can undo. It must be true where nobody
  /// knows.
  bool left_something = false;
};

/// Something that changes a site's database inside a window, with backups around it.
struct WindowedChange {
  BackupMoments backup;
  FenceOptions fence;
  /// Not entered yet. Its connection is what the change is made on; none for a foreign program on a database
  /// whose fence is a connection.
  MaintenanceWindow window;
  std::function<ChangeOutcome(MaintenanceWindow&)> apply;
  OnFailure on_failure = OnFailure::undo;
  /// `standing`: the operation's window stands already, and its before-backup is taken.
  enum class Entry { enter, standing } entry = Entry::enter;
  /// The one thing to do when the site has to stay in maintenance.
  std::string hint_when_it_stays;
  /// What to type when the reason of a failure is mended.
  std::string next_command;
  /// Called after an undo, the site as it was; its error is reported as a note.
  std::function<void()> after_undo;
};

/// Window, before-backup, change, after-backup, lift; or undo (by the database's own rollback, else by
/// restoring the before-backup) and lift; the operation is finished in every case. Never throws: what goes
/// wrong, also what keeps the window from opening, is in the report.
void change_in_window(const Workplace& workplace, const Site& site, Operation& operation,
                      WindowedChange change, MigrateReport& report);

/// Error{undone} when the disk has no room for what an operation on the site will write.
void check_disk_space(const Site& site);

}  // namespace bench
