#include "workflow/maintenance_mode.hpp"

#include <fmt/format.h>

#include "base/file_lock.hpp"
#include "base/time.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "operation/site_lock.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/result.hpp"

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

// What enforces the window that is there now, for all that the records know.
std::optional<FenceReport> recorded_fence(const Site& site) {
  const bool is_somebody_at_work = FileLock::is_held(site.operation_lock());
  std::optional<Operation> window;
  for (Operation& operation : Operation::list(site)) {
    const bool is_over =
        operation.state() == OperationState::done || operation.state() == OperationState::undone;
    if (!is_over && holds_window(operation)) window = std::move(operation);
  }
  if (!window) return FenceReport{.gaps = {"no operation of bench is known to have fenced the database"}};
  // A child that outlives it holds the lock, and not the fence.
  const bool has_process =
      window->state() == OperationState::running && is_somebody_at_work && window->process_lives();
  const bool has_fallen =
      !has_process && backend_of(site).features.fence_life == Features::FenceLife::connection;
  const bool is_known = window->record().contains("fence");
  const bool is_enforced = window->record().value("fence", "") != name(FenceLevel::not_enforced);
  if (has_fallen && (!is_known || is_enforced))
    return FenceReport{.gaps = {"the fence fell with the process that held it"}};
  // Entered, and not yet fenced; or by a bench that did not note it.
  if (!is_known) return std::nullopt;
  return FenceReport{.level = fence_level(window->record().value("fence", "")),
                     .gaps = window->record().value("gaps", std::vector<std::string>())};
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
  for (const Operation& running : Operation::list_in_state(site, OperationState::running))
    if (holds_window(running)) report.operation = running.id();
  if (report.mode != SiteMode::live) report.fence = recorded_fence(site);
  return report;
}

MaintenanceReport maintenance_on(const Workplace& workplace, const Site& site, const FenceOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  if (const auto window = standing_window(site)) {
    MaintenanceReport report = status_report(site);
    report.operation = window->id();
    report.fence = recorded_fence(site);
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
    MaintenanceWindow window(site, database_of(workplace, site), nullptr);
    window.enter(operation, options, workplace.progress);
    try {
      report = status_report(site);
      report.fence = window.fence();
      operation.finish(OperationState::open);
    } catch (...) {
      const Uninterrupted undoing;
      window.leave();
      throw;
    }
  } catch (const std::exception& failure) {
    end_undone(operation, failure);
    throw;
  }
  report.operation = operation.id();
  report.changed = true;
  return report;
}

namespace {

// The fence of a window whose record is lost stands behind a config that says nothing of it.
void give_lost_rights(const Workplace& workplace, const Site& site, Doubtful doubtful,
                      std::vector<std::string>& notes) {
  if (!backend_of(site).has_server) return;
  const SiteDatabase database = database_of(workplace, site);
  if (!database.admin) {
    notes.emplace_back(
        "whether a fence stands whose record is lost was not looked at: no admin account is known");
    return;
  }
  const auto locked = connect_for_changes(workplace, site);
  const auto fence = fence_of(workplace, site);
  const auto lost = fence->lost_rights();
  if (!lost) return;
  if (doubtful == Doubtful::refuse)
    throw Error(
        Kind::needs_attention,
        fmt::format("the account {} has no right to write to {}, and the record of what was taken from "
                    "it is lost; the usual rights are: {}",
                    database.app.user, database.app.name, *lost),
        fmt::format("bench --site {} --yes set-maintenance-mode off gives it those", site.name()));
  fence->give_usual_rights();
  notes.push_back(
      fmt::format("the record of the rights that were taken from the account {} is lost: it was "
                  "given the usual ones: {}",
                  database.app.user, *lost));
}

}  // namespace

MaintenanceReport maintenance_off(const Workplace& workplace, const Site& site, Doubtful doubtful) {
  const FileLock lock = lock_and_recover(workplace, site);
  if (doubtful == Doubtful::refuse) refuse_while_one_waits(site);
  std::vector<std::string> notes;
  std::string lifted;
  bool changed = false;
  // More than one may stand: a migrate that needed attention inside an operator's window. The newest goes
  // first.
  while (auto window = standing_window(site)) {
    // The next migrate has to say since when rows may have been written.
    if (window->state() == OperationState::needs_attention) {
      window->update([](nlohmann::json& record) { record["opened"] = to_iso8601(Clock::now()); });
      // Whole patches are what is finished where a patch is one transaction.
      const bool is_journaled = backend_of(site).features.atomicity == Features::Atomicity::statement;
      if (has_patches(*window) && !window->record().contains("replaced_by"))
        notes.push_back(
            fmt::format("{} stopped half-way and is not done, and rows that are written now miss "
                        "what it has finished: bench --site {} {} goes on with it",
                        window->id(), site.name(), is_journaled ? "recover --resume" : "migrate"));
    }
    for (std::string& what : lift_saved_window(site, database_of(workplace, site), *window))
      notes.push_back(std::move(what));
    window->finish(OperationState::done, window->record().at("result"));
    lifted = window->id();
    changed = true;
  }
  const bool was_on = SiteConfig::load(site.config_file()).flag("maintenance_mode");
  if (was_on) give_lost_rights(workplace, site, doubtful, notes);
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
  if (report.mode == SiteMode::live) return report;
  report.fence = recorded_fence(site);
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
