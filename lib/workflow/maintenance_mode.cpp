#include "workflow/maintenance_mode.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "operation/site_lock.hpp"

namespace bench {

namespace {

MaintenanceReport status_report(const Site& site) {
  const LayeredConfig config = site.config();
  MaintenanceReport report;
  report.site = site.name();
  report.mode = site_mode(config);
  report.scheduler_paused = config.flag("pause_scheduler");
  return report;
}

// The window that holds the site: an operator's own, or one that a failed operation left for a person.
std::optional<Operation> standing_window(const Site& site) {
  std::optional<Operation> standing;
  for (Operation& operation : Operation::list(site))
    if ((operation.state() == OperationState::open || operation.state() == OperationState::needs_attention) &&
        holds_window(operation))
      standing = std::move(operation);
  return standing;
}

bool clear_window_keys(const Site& site) {
  return site.edit_config([](SiteConfig& config) {
    for (const char* key : {"pause_scheduler", "maintenance_mode"})
      if (config.flag(key)) config.remove(key);
  });
}

}  // namespace

MaintenanceReport maintenance_status(const Site& site) {
  MaintenanceReport report = status_report(site);
  if (const auto window = standing_window(site)) report.operation = window->id();
  return report;
}

MaintenanceReport maintenance_on(const Workplace& workplace, const Site& site, const FenceOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  if (const auto window = standing_window(site)) {
    MaintenanceReport report = status_report(site);
    report.operation = window->id();
    report.notes.emplace_back("it was in maintenance already");
    return report;
  }
  Operation operation = Operation::begin(site, "set-maintenance-mode");
  MaintenanceReport report;
  try {
    operation.step("enter");
    // What another host does to the database is under its lock alone; the rights it has taken away meanwhile
    // must not be saved as those to put back.
    const auto locked = backend_of(site).has_server ? connect_for_changes(workplace, site) : nullptr;
    const MaintenanceWindow window =
        MaintenanceWindow::enter(site, database_of(workplace, site), operation, nullptr, options);
    report = status_report(site);
    report.fence = window.fence();
    operation.finish(OperationState::open);
  } catch (...) {
    if (!holds_window(operation)) operation.finish(OperationState::undone);
    throw;
  }
  report.operation = operation.id();
  report.changed = true;
  return report;
}

MaintenanceReport maintenance_off(const Workplace& workplace, const Site& site, HalfDone half_done) {
  const FileLock lock = lock_and_recover(workplace, site);
  if (half_done == HalfDone::refuse) refuse_while_one_waits(site);
  std::vector<std::string> notes;
  std::string lifted;
  bool changed = false;
  // More than one may stand: a migrate that needed attention inside an operator's window. The newest goes
  // first.
  while (auto window = standing_window(site)) {
    // The next migrate has to say since when rows may have been written.
    if (window->state() == OperationState::needs_attention)
      window->update([](nlohmann::json& record) { record["opened"] = to_iso8601(Clock::now()); });
    for (std::string& what : lift_saved_window(site, database_of(workplace, site), *window))
      notes.push_back(std::move(what));
    window->finish(OperationState::done, window->record().at("result"));
    lifted = window->id();
    changed = true;
  }
  const bool was_on = SiteConfig::load(site.config_file()).flag("maintenance_mode");
  if (was_on && clear_window_keys(site)) {
    changed = true;
    notes.emplace_back(
        "no operation accounts for maintenance_mode and pause_scheduler in the site's config; both were "
        "removed");
  }
  MaintenanceReport report = status_report(site);
  report.operation = lifted;
  report.changed = changed;
  report.notes = std::move(notes);
  if (report.mode != SiteMode::live)
    report.notes.emplace_back(
        "maintenance_mode is set in the common config: bench set-config -g maintenance_mode 0 lifts it");
  return report;
}

bool set_scheduler(const Workplace& workplace, const Site& site, Scheduler state) {
  const FileLock lock = lock_and_recover(workplace, site);
  // A window that stands has paused it anyway; what is asked for counts from its end.
  if (auto window = standing_window(site)) {
    window->update([state](nlohmann::json& record) {
      record["saved"]["config"]["pause_scheduler"] = state == Scheduler::pause ? "1" : "0";
    });
    return true;
  }
  return site.edit_config([state](SiteConfig& config) {
    if (state == Scheduler::pause)
      config.set_integer("pause_scheduler", 1);
    else if (config.flag("pause_scheduler"))
      config.set_integer("pause_scheduler", 0);
  });
}

}  // namespace bench
