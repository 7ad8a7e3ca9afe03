#include "workflow/migrate_site.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/suggestion.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "migration/patch_rules.hpp"
#include "migration/statement_effect.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/change_in_window.hpp"
#include "workflow/hooks.hpp"
#include "workflow/result.hpp"

namespace bench {

namespace {

bool is_applied(const PlannedPatch& planned) {
  return planned.state == PatchState::applied || planned.state == PatchState::drifted;
}

/// What one run is to do.
struct Task {
  std::vector<const Patch*> patches;
  std::vector<const Patch*> drifted;  ///< whose new checksum is accepted
  std::set<const Patch*> skipped;     ///< of the patches, those that failed under --skip-failing
  bool empty() const { return patches.empty() && drifted.empty(); }
};

// What was applied already is read as far as it is to run again.
const Patch* with_statements(MigrationOutlook& outlook, const PlannedPatch& planned, Dialect dialect) {
  Patch& patch = outlook.patches[static_cast<std::size_t>(planned.patch - outlook.patches.data())];
  if (is_applied(planned)) read_statements(patch, dialect);
  return &patch;
}

Task only_patch(MigrationOutlook& outlook, const MigrateOptions& options, Dialect dialect) {
  Task task;
  const Patch* wanted = find_patch(outlook.patches, *options.only);
  // The log itself is one of its patches.
  for (const Patch* patch : outlook.plan.pending())
    if (patch->app == "core" && patch != wanted) task.patches.push_back(patch);
  for (const PlannedPatch& planned : outlook.plan.all()) {
    if (planned.patch != wanted) continue;
    if (!is_applied(planned) || options.force == MigrateOptions::Force::yes)
      task.patches.push_back(with_statements(outlook, planned, dialect));
    return task;
  }
  std::vector<std::string> ids;
  for (const Patch& patch : outlook.patches) ids.push_back(patch.log_key);
  const std::string meant = did_you_mean(*options.only, ids);
  throw Error(Kind::usage, fmt::format("there is no patch '{}'", *options.only),
              meant.empty() ? "see them with bench patches" : meant);
}

Task chosen_task(const Site& site, MigrationOutlook& outlook, const MigrateOptions& options,
                 Dialect dialect) {
  if (options.only) return only_patch(outlook, options, dialect);
  Task task{.patches = outlook.plan.pending(), .drifted = outlook.plan.drifted()};
  // What stopped half-way is finished first; the next migrate tells what else has changed.
  if (options.opened == MigrateOptions::Opened::go_on) task.drifted.clear();
  if (task.drifted.empty() || options.drift == MigrateOptions::Drift::accept) return task;
  const Patch& first = *task.drifted.front();
  throw Error(
      Kind::configuration,
      fmt::format("{}: {} was applied and has changed since{}", first.file, first.log_key,
                  task.drifted.size() > 1 ? fmt::format(" (and {} more)", task.drifted.size() - 1) : ""),
      fmt::format("put the file back, or accept it as it is with bench --site {} migrate --accept-drift",
                  site.name()));
}

void refuse_what_cannot_run(const std::vector<const Patch*>& patches) {
  for (const Patch* patch : patches)
    if (!patch->problem.empty()) throw Error(Kind::configuration, patch->problem, patch->hint);
}

void refuse_one_transaction(const Backend& backend, const std::vector<const Patch*>& patches) {
  if (backend.features.atomicity == Features::Atomicity::statement)
    throw Error(Kind::usage,
                fmt::format("{} commits each change of the schema by itself", name(backend.dialect)),
                "leave --all-or-nothing out: a run that fails is undone from the backup taken before it");
  if (backend.features.atomicity == Features::Atomicity::run) return;
  for (const Patch* patch : patches)
    for (const Statement& statement : patch->statements)
      if (runs_outside_transaction(statement))
        throw Error(Kind::usage,
                    fmt::format("{}:{}: this statement cannot be part of one transaction for the whole run",
                                patch->file, statement.line),
                    "leave --all-or-nothing out");
}

// Session statements run inside the run's transaction, so what must not stand in a patch must not stand
// there.
void refuse_bad_session(const App& app, Dialect dialect) {
  const auto session = app.session.find(std::string(name(dialect)));
  if (session == app.session.end()) return;
  for (const std::string& statement : session->second)
    if (const auto refusal = find_refusal(split_statements(statement, dialect), dialect))
      throw Error(Kind::configuration, fmt::format("{}: session: {}", app.manifest.string(), refusal->reason),
                  refusal->hint);
}

// bench never leaves a site without its log, so this database is not the one it was.
void refuse_emptied_database(const Site& site, const PatchLog& log) {
  if (!log.empty()) return;
  const std::vector<Operation> operations = Operation::list(site);
  const auto last = std::find_if(operations.rbegin(), operations.rend(), [](const Operation& operation) {
    const bool logs = operation.kind() == "migrate" || operation.kind() == "run-patch" ||
                      operation.kind() == "mark-applied" || operation.kind() == "restore";
    return logs && operation.state() == OperationState::done;
  });
  // What a dump of another tool held may be a database without one.
  if (last == operations.rend() || !last->record().value("left_patch_log", true)) return;
  throw Error(Kind::database,
              fmt::format("the database holds no patch log although {} left one there: it was emptied or "
                          "replaced, and to apply every patch anew would hide that",
                          last->id()),
              fmt::format("bench --site {} list-backups, then restore the newest", site.name()));
}

// Of the options that the run was given, those that count as well for what is left of it when it is resumed.
nlohmann::json kept_options(const MigrateOptions& options) {
  return {{"skip_failing", options.on_patch_failure == RunOptions::OnFailure::skip},
          {"all_or_nothing", options.unit == RunOptions::Unit::run},
          {"lock_timeout_ms", options.patience.lock_timeout.count()}};
}

void take_kept_options(const Operation& operation, MigrateOptions& options) {
  const nlohmann::json kept = operation.record().value("options", nlohmann::json::object());
  if (kept.value("skip_failing", false)) options.on_patch_failure = RunOptions::OnFailure::skip;
  if (kept.value("all_or_nothing", false)) options.unit = RunOptions::Unit::run;
  options.patience.lock_timeout =
      std::chrono::milliseconds(kept.value("lock_timeout_ms", options.patience.lock_timeout.count()));
}

Error half_done_error(const Site& site, const Patch& patch, const Journal::Stopped& stopped) {
  const auto operation = Operation::find(site, stopped.operation);
  const std::string opened = operation ? operation->record().value("opened", "") : "";
  // How many statements a program will print nobody knows.
  const std::string of_all =
      patch.kind == PatchKind::sql ? fmt::format(" of {}", patch.statements.size()) : "";
  return Error(
      Kind::needs_attention,
      fmt::format(
          "{}: {} finished statements 1 to {}{}, and the site {}: rows written since have missed them",
          patch.file, stopped.operation, stopped.finished, of_all,
          opened.empty() ? fmt::format("has been open to writers since {}", stopped.finished_at)
                         : fmt::format("was opened to writers at {}", opened)),
      fmt::format("bench --site {} recover --resume", site.name()));
}

BackupMoments backup_moments(const Site& site, const MigrateOptions& options) {
  if (options.backup) return *options.backup;
  return parse_backup_moments(site.config().string("migrate_backup").value_or("before,after"));
}

/// One migrate of one site.
class Migration {
 public:
  Migration(const Workplace& workplace, const Site& site, const MigrateOptions& options, const FileLock& lock,
            Task task)
      : m_workplace(workplace), m_site(site), m_options(options), m_lock(lock), m_task(std::move(task)) {}

  MigrateReport run();
  MigrateReport resume(Operation& operation);

 private:
  MigrateReport change(Operation& operation, MaintenanceWindow window, WindowedChange::Entry entry,
                       BackupMoments moments);
  MaintenanceWindow preflight();
  void tell_half_done(Database& connection);
  ChangeOutcome apply(MaintenanceWindow& window);
  RunOptions run_options();
  void run_hooks_afterwards(AppPrograms::Moment moment);

  const Workplace& m_workplace;
  const Site& m_site;
  const MigrateOptions& m_options;
  const FileLock& m_lock;
  Task m_task;
  std::vector<App> m_apps;
  std::optional<AppPrograms> m_programs;
  MigrateReport m_report;
};

MigrateReport Migration::run() {
  m_report.site = m_site.name();
  MaintenanceWindow window = preflight();
  tell_half_done(window.connection());
  const BackupMoments moments = backup_moments(m_site, m_options);
  Operation operation = Operation::begin(m_site, m_options.only ? "run-patch" : "migrate");
  operation.update([&](nlohmann::json& record) {
    record["wants_after"] = moments.after;
    for (const Patch* patch : m_task.patches) record["patches"].push_back(patch->log_key);
    for (const Patch* patch : m_task.drifted) record["accepted"].push_back(patch->log_key);
    record["forced"] = m_options.only && m_options.force == MigrateOptions::Force::yes;
    record["options"] = kept_options(m_options);
    if (!m_options.reason.empty()) record["reason"] = m_options.reason;
  });
  m_report.operation = operation.id();
  m_programs.emplace(m_workplace, m_site, operation, m_lock);
  try {
    m_programs->run_hooks(m_apps, AppPrograms::Moment::before_migrate);
  } catch (const std::exception& exception) {
    Error error = to_error(exception);
    if (error.kind() == Kind::unexpected) error = error.with_kind(Kind::undone);
    if (error.kind() == Kind::undone && error.hint().empty())
      error = error.with_hint(fmt::format("mend the hook, then bench --site {} migrate", m_site.name()));
    end_undone(operation, error);
    m_report.result = MigrateResult::undone;
    m_report.error = error;
    return std::move(m_report);
  }
  return change(operation, std::move(window), WindowedChange::Entry::enter, moments);
}

MigrateReport Migration::resume(Operation& operation) {
  m_report.site = m_site.name();
  m_report.operation = operation.id();
  MaintenanceWindow window = preflight();
  // Also when this is cut off, what a person is at work on must not be taken out of their hands.
  operation.update([](nlohmann::json& record) { record["keep_failed"] = true; });
  operation.resume();
  pause_point("migrate.resumed");
  m_programs.emplace(m_workplace, m_site, operation, m_lock);
  return change(operation, std::move(window), WindowedChange::Entry::standing,
                {.before = false, .after = operation.record().value("wants_after", false)});
}

MigrateReport Migration::change(Operation& operation, MaintenanceWindow window, WindowedChange::Entry entry,
                                BackupMoments moments) {
  const bool has_before = moments.before || operation.record().at("backups").contains("before");
  change_in_window(
      m_workplace, m_site, operation,
      {.backup = moments,
       .fence = m_options.fence,
       .window = std::move(window),
       .apply = [this](MaintenanceWindow& standing) { return apply(standing); },
       .on_failure = m_options.on_failure,
       .entry = entry,
       .hint_when_it_stays =
           fmt::format("mend that, then bench --site {} recover --resume; or {}", m_site.name(),
                       has_before ? "recover --restore, which takes back all that was written since"
                                  : "restore a backup of the site"),
       .next_command =
           m_options.opened == MigrateOptions::Opened::go_on
               ? fmt::format("bench --site {} recover --resume", m_site.name())
           : m_options.only
               ? fmt::format("bench --site {} run-patch {}{}", m_site.name(), shell_word(*m_options.only),
                             m_options.force == MigrateOptions::Force::yes ? " --force" : "")
               : fmt::format("bench --site {} migrate", m_site.name()),
       .after_undo = [this] { run_hooks_afterwards(AppPrograms::Moment::on_undo); }},
      m_report);
  if (m_report.result == MigrateResult::migrated) run_hooks_afterwards(AppPrograms::Moment::after_migrate);
  m_programs.reset();
  if (m_report.result != MigrateResult::needs_attention) forget_printed(operation);
  prune_operations(m_site);
  return std::move(m_report);
}

// All that can fail while nothing has changed yet.
MaintenanceWindow Migration::preflight() {
  m_workplace.progress.phase("checking");
  refuse_what_cannot_run(m_task.patches);
  if (m_options.unit == RunOptions::Unit::run) refuse_one_transaction(backend_of(m_site), m_task.patches);
  m_apps = apps_of(m_workplace, m_site);
  for (const App& app : m_apps) refuse_bad_session(app, backend_of(m_site).dialect);
  std::vector<std::string> undeclared;
  for (const App& app : m_apps)
    if (app.name != "core" && !app.declares_read_only) undeclared.push_back(app.name);
  if (!undeclared.empty())
    m_workplace.progress.warning(
        fmt::format("not declared to behave in read-only mode: {}", fmt::join(undeclared, ", ")));
  check_disk_space(m_site);
  MaintenanceWindow window(m_site, database_of(m_workplace, m_site),
                           connect_for_changes(m_workplace, m_site));
  for (const std::string& finding : window.preflight()) m_workplace.progress.warning(finding);
  return window;
}

// A patch that was skipped was to be tried again: that is said, and needs no decision.
void Migration::tell_half_done(Database& connection) {
  if (m_options.opened == MigrateOptions::Opened::go_on) return;
  for (const Journal::Stopped& stopped : Journal(connection, {}).stopped())
    for (const Patch* patch : m_task.patches) {
      if (patch->log_key != stopped.patch) continue;
      const Error half_done = half_done_error(m_site, *patch, stopped);
      if (!m_task.skipped.contains(patch)) throw half_done;
      m_workplace.progress.warning(half_done.what());
    }
}

RunOptions Migration::run_options() {
  RunOptions options;
  options.operation = m_report.operation;
  options.unit = m_options.unit;
  options.patience = m_options.patience;
  options.in_doubt = m_options.in_doubt;
  options.on_failure = m_options.on_patch_failure;
  const std::string db_type = settings_of(m_site).db_type;
  for (const App& app : m_apps)
    if (const auto session = app.session.find(db_type); session != app.session.end())
      options.session[app.name] = session->second;
  options.accepted = m_task.drifted;
  options.run_executable = [this](const Patch& patch, RunOptions::Printed printed) {
    return m_programs->run_patch(patch, printed);
  };
  return options;
}

ChangeOutcome Migration::apply(MaintenanceWindow& window) {
  const std::size_t count = m_task.patches.size();
  m_workplace.progress.phase(fmt::format("applying {} {}", count, count == 1 ? "patch" : "patches"));
  MigrationReport run =
      MigrationRunner(window.connection(), m_workplace.progress, run_options()).run(m_task.patches);
  m_report.patches = std::move(run.patches);
  return {.failure = std::move(run.failure), .left_something = run.failure && run.committed};
}

// The patches are in, or undone, and maintenance is lifted: a hook that fails now is told, and takes nothing
// back.
void Migration::run_hooks_afterwards(AppPrograms::Moment moment) {
  const Uninterrupted finishing;
  try {
    m_programs->run_hooks(m_apps, moment);
  } catch (const std::exception& exception) {
    m_report.notes.push_back(fmt::format("a hook failed: {}", exception.what()));
    if (!m_report.error)
      m_report.error =
          to_error(exception)
              .with_context("the patches are in and maintenance is lifted, but a hook failed")
              .with_hint("mend it and run it by hand: a migrate with nothing pending runs no hooks");
  }
}

}  // namespace

std::string_view name(MigrateResult result) {
  switch (result) {
    case MigrateResult::up_to_date:
      return "up-to-date";
    case MigrateResult::migrated:
      return "migrated";
    case MigrateResult::undone:
      return "undone";
    case MigrateResult::needs_attention:
      return "needs-attention";
  }
  return "";
}

BackupMoments parse_backup_moments(std::string_view text) {
  if (text == "none") return {.before = false, .after = false};
  if (text == "before") return {.before = true, .after = false};
  if (text == "after") return {.before = false, .after = true};
  if (text == "before,after" || text == "after,before") return {.before = true, .after = true};
  throw Error(Kind::usage, fmt::format("'{}' does not say which backups to take", text),
              "use before,after or before or after or none");
}

MigrationOutlook outlook_of(const Workplace& workplace, const Site& site) {
  auto log = do_beside([&site] { return read_patch_log(*connect(site, Access::read_only)); });
  MigrationOutlook outlook{
      .patches = patches_of(workplace, site), .log = log.get(), .plan = MigrationPlan({}, {})};
  outlook.plan = MigrationPlan(outlook.patches, outlook.log);
  read_pending_statements(outlook.patches, outlook.plan, backend_of(site).dialect);
  return outlook;
}

bool has_patches(const Operation& operation) {
  return operation.kind() == "migrate" || operation.kind() == "run-patch";
}

std::string lift_hint(const Site& site) {
  return fmt::format("look at the site, then bench --site {} set-maintenance-mode off", site.name());
}

std::string next_command(const Site& site, const Operation& operation) {
  if (operation.record().contains("replaced_by")) return lift_hint(site);
  const nlohmann::json& result = operation.record().at("result");
  for (const char* told : {"/hint", "/error/hint"}) {
    const nlohmann::json::json_pointer place(told);
    if (result.is_object() && result.contains(place) && result.at(place).is_string()) return result.at(place);
  }
  return has_patches(operation) ? fmt::format("bench --site {} recover --resume", site.name())
                                : lift_hint(site);
}

void refuse_while_one_waits(const Site& site) {
  for (const Operation& operation : Operation::list_in_state(site, OperationState::needs_attention))
    if (holds_window(operation) && has_patches(operation) && !operation.record().contains("replaced_by"))
      throw Error(Kind::needs_attention,
                  fmt::format("{} stopped half-way and waits for a person", operation.id()),
                  next_command(site, operation));
}

std::optional<Error> why_refused(const Site& site, const MigrationOutlook& outlook) {
  try {
    refuse_while_one_waits(site);
  } catch (const Error& error) {
    return error;
  }
  const auto connection = connect(site, Access::read_only);
  for (const Journal::Stopped& stopped : Journal(*connection, {}).stopped())
    for (const PlannedPatch& planned : outlook.plan.all())
      if (planned.patch->log_key == stopped.patch && planned.state == PatchState::pending)
        return half_done_error(site, *planned.patch, stopped);
  return std::nullopt;
}

MigrateReport resume_migrate(const Workplace& workplace, const Site& site, Operation& operation,
                             const FileLock& lock, RunOptions::InDoubt in_doubt) {
  MigrationOutlook outlook = outlook_of(workplace, site);
  const auto wanted = operation.record().value("patches", std::vector<std::string>());
  const auto accepted = operation.record().value("accepted", std::vector<std::string>());
  // A forced run is of a patch that is logged from before. Of any other a person may have finished one by
  // hand.
  const bool is_forced = operation.record().value("forced", false);
  Task task;
  for (const PlannedPatch& planned : outlook.plan.all()) {
    const bool is_done = planned.entry != nullptr && !planned.entry->skipped &&
                         (!is_forced || planned.entry->operation == operation.id());
    if (!is_done && std::ranges::find(wanted, planned.patch->log_key) != wanted.end())
      task.patches.push_back(with_statements(outlook, planned, backend_of(site).dialect));
    if (std::ranges::find(accepted, planned.patch->log_key) != accepted.end())
      task.drifted.push_back(planned.patch);
  }
  MigrateOptions options;
  options.in_doubt = in_doubt;
  take_kept_options(operation, options);
  // A person is at work on it: what fails again must not take the site out of their hands.
  options.on_failure = OnFailure::keep;
  return Migration(workplace, site, options, lock, std::move(task)).resume(operation);
}

MigrateReport migrate_site(const Workplace& workplace, const Site& site, const MigrateOptions& options) {
  return migrate_locked_site(workplace, site, options, lock_and_recover(workplace, site));
}

MigrateReport migrate_locked_site(const Workplace& workplace, const Site& site, const MigrateOptions& options,
                                  const FileLock& lock) {
  refuse_while_one_waits(site);
  MigrationOutlook outlook = outlook_of(workplace, site);
  refuse_emptied_database(site, outlook.log);
  Task task = chosen_task(site, outlook, options, backend_of(site).dialect);
  if (task.empty()) return {.site = site.name(), .operation = {}, .result = MigrateResult::up_to_date};
  for (const PlannedPatch& planned : outlook.plan.all())
    if (planned.state == PatchState::skipped) task.skipped.insert(planned.patch);
  return Migration(workplace, site, options, lock, std::move(task)).run();
}

}  // namespace bench
