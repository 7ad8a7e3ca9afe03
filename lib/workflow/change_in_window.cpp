#include "workflow/change_in_window.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/time.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/result.hpp"

namespace bench {

namespace {

/// One change under way: the parts of the story that `change_in_window` tells.
class Change {
 public:
  Change(const Workplace& workplace, const Site& site, Operation& operation, WindowedChange& change,
         MigrateReport& report)
      : m_workplace(workplace), m_site(site), m_operation(operation), m_change(change), m_report(report) {}

  void run();

 private:
  MaintenanceWindow enter();
  ChangeOutcome change_it(MaintenanceWindow& window);
  void back_up_before();
  void back_up_after();
  void undo(const Error& failure);
  void stay(const Error& failure);
  void leave(MaintenanceWindow& window);
  std::filesystem::path back_up(const std::filesystem::path& folder);

  const Workplace& m_workplace;
  const Site& m_site;
  Operation& m_operation;
  WindowedChange& m_change;
  MigrateReport& m_report;
  bool m_enforced = false;
};

void Change::run() {
  MaintenanceWindow window = enter();
  const ChangeOutcome outcome = change_it(window);
  if (!outcome.failure) {
    m_report.result = MigrateResult::migrated;
    if (m_change.backup.after) back_up_after();
  }
  // From here on every way leads out of the window, and a signal must not cut it short.
  const Uninterrupted finishing;
  window.free_reserve();
  if (outcome.failure && outcome.left_something) return stay(*outcome.failure);
  if (outcome.failure) undo(*outcome.failure);
  leave(window);
  if (outcome.failure && m_change.after_undo) m_change.after_undo();
}

MaintenanceWindow Change::enter() {
  announce_maintenance(m_workplace, m_site);
  try {
    m_operation.step("enter");
    MaintenanceWindow window = MaintenanceWindow::enter(m_site, database_of(m_workplace, m_site), m_operation,
                                                        std::move(m_change.connection), m_change.fence);
    m_enforced = window.fence().level != FenceLevel::not_enforced;
    if (!m_enforced)
      m_workplace.progress.warning("NOT ENFORCED: " +
                                   fmt::format("{}", fmt::join(window.fence().gaps, "; ")));
    return window;
  } catch (...) {
    // When even putting back failed, the record stays open for `recover`.
    if (!holds_window(m_operation)) m_operation.finish(OperationState::undone);
    throw;
  }
}

ChangeOutcome Change::change_it(MaintenanceWindow& window) {
  try {
    if (m_change.backup.before) back_up_before();
    pause_point("change.before-apply");
    m_operation.step("apply");
    return m_change.apply(window);
  } catch (const std::exception& exception) {
    return {.failure = to_error(exception), .left_something = false};
  }
}

std::filesystem::path Change::back_up(const std::filesystem::path& folder) {
  const SameMoment same_moment = m_enforced ? SameMoment::yes : SameMoment::no;
  return take_backup(m_workplace, m_site, m_operation, folder, same_moment).manifest_file();
}

void Change::back_up_before() {
  m_workplace.progress.phase("taking the backup before the change");
  m_operation.step("backup-before");
  m_report.before = back_up(m_operation.folder());
  m_operation.update(
      [this](nlohmann::json& record) { record["backups"]["before"] = m_report.before->string(); });
  pause_point("change.backed-up-before");
}

// What was committed stays: a backup that fails now is no reason to take a good change back.
void Change::back_up_after() {
  m_workplace.progress.phase("taking the backup after the change");
  m_operation.step("backup-after");
  try {
    m_report.after = back_up(backup_folders(m_site).front());
    m_operation.update(
        [this](nlohmann::json& record) { record["backups"]["after"] = m_report.after->string(); });
    pause_point("change.backed-up-after");
  } catch (const std::exception& error) {
    m_report.error = Error(Kind::bad_backup,
                           fmt::format("the change is in, but the backup after it failed: {}", error.what()),
                           fmt::format("bench --site {} backup", m_site.name()));
  }
}

void Change::undo(const Error& failure) {
  m_workplace.progress.phase("undoing");
  m_operation.step("undo");
  m_report.result = MigrateResult::undone;
  const bool interrupted = failure.kind() == Kind::interrupted || failure.kind() == Kind::terminated;
  m_report.error = failure.with_kind(interrupted ? interruption_kind() : Kind::undone);
  if (m_report.error->hint().empty())
    m_report.error = m_report.error->with_hint(
        fmt::format("{}, then bench --site {} migrate",
                    interrupted ? "when there is time for it" : "mend that", m_site.name()));
}

// Nobody knows what a foreign program wrote, and what the app wrote meanwhile may have been acknowledged:
// restoring a backup over it is a decision for a person.
void Change::stay(const Error& failure) {
  m_report.result = MigrateResult::needs_attention;
  const std::string before =
      m_report.before ? fmt::format("; the state before is in {}", m_report.before->string()) : "";
  m_report.error = Error(
      Kind::needs_attention,
      fmt::format("{}; the site stays in maintenance, because what was written cannot be undone safely{}",
                  failure.what(), before),
      fmt::format("look at the site, then bench --site {} set-maintenance-mode off", m_site.name()));
  m_operation.finish(OperationState::needs_attention, result_record(m_report));
}

void Change::leave(MaintenanceWindow& window) {
  m_workplace.progress.phase("lifting maintenance");
  try {
    m_operation.step("lift");
    m_report.window = window.leave();
    if (m_report.window->slipped_in)
      m_report.notes.emplace_back(
          "another process wrote between the commit of the patches and the backup after them; what it wrote "
          "is in that backup");
    for (const std::string& what : m_report.window->not_put_back) m_report.notes.push_back(what);
    m_operation.finish(
        m_report.result == MigrateResult::migrated ? OperationState::done : OperationState::undone,
        result_record(m_report));
  } catch (const std::exception& error) {
    m_report.error =
        Error(Kind::needs_attention, fmt::format("maintenance could not be lifted: {}", error.what()),
              fmt::format("bench --site {} recover", m_site.name()));
    m_report.result = MigrateResult::needs_attention;
  }
}

}  // namespace

void change_in_window(const Workplace& workplace, const Site& site, Operation& operation,
                      WindowedChange change, MigrateReport& report) {
  report.operation = operation.id();
  Change(workplace, site, operation, change, report).run();
}

void check_disk_space(const Site& site) {
  const std::uint64_t needed = backend_of(site).size(settings_of(site)) + 16'777'216;
  const std::uint64_t available = std::filesystem::space(site.path()).available;
  if (available >= needed) return;
  throw Error(Kind::undone,
              fmt::format("{}: the disk has {} left, and {} may be needed; nothing was changed",
                          site.path().string(), format_bytes(available), format_bytes(needed)),
              "free some space and try again");
}

}  // namespace bench
