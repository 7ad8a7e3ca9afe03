#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/child_process.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/change_in_window.hpp"
#include "workflow/maintenance_mode.hpp"

namespace bench {

namespace {

// Where Frappe, Django and Rails look for their database.
std::map<std::string, std::string> connection_environment(const Workplace& workplace, const Site& site,
                                                          const Operation& operation) {
  const ConnectionSettings settings = database_of(workplace, site).for_changes();
  std::map<std::string, std::string> environment = backend_of(site).environment(settings);
  environment.merge(std::map<std::string, std::string>{{"BENCH_SITE", site.name()},
                                                       {"BENCH_SITE_PATH", site.path().string()},
                                                       {"BENCH_OPERATION", operation.id()},
                                                       {"FRAPPE_SITE", site.name()},
                                                       {"FRAPPE_DB_TYPE", settings.db_type},
                                                       {"FRAPPE_DB_NAME", settings.name}});
  if (!backend_of(site).has_server) return environment;
  environment["FRAPPE_DB_USER"] = settings.user;
  environment["FRAPPE_DB_PASSWORD"] = settings.password;
  environment["FRAPPE_DB_HOST"] = settings.host;
  environment["FRAPPE_DB_PORT"] = fmt::format("{}", settings.port);
  if (!settings.socket.empty()) environment["FRAPPE_DB_SOCKET"] = settings.socket;
  return environment;
}

// The command needs to write, so on a database whose fence is a connection there is none. Where the fence
// outlives it, a connection that holds the site's lock stays beside the command.
MaintenanceWindow window_around_command(const Workplace& workplace, const Site& site) {
  if (backend_of(site).features.fence_life == Features::FenceLife::connection)
    return {site, database_of(workplace, site), nullptr};
  MaintenanceWindow window(site, database_of(workplace, site), connect_for_changes(workplace, site));
  for (const std::string& finding : window.preflight()) workplace.progress.warning(finding);
  return window;
}

ChildResult run_command(const Workplace& workplace, const Site& site, const Operation& operation,
                        const FileLock& lock, const std::vector<std::string>& argv) {
  ChildCommand command;
  command.argv = argv;
  command.environment = connection_environment(workplace, site, operation);
  command.inherited = {lock.descriptor()};
  command.output = ChildCommand::Output::inherit;
  command.should_stop = interruption_requested;
  return run_child(command);
}

Error failure_of(const std::vector<std::string>& argv, const ChildResult& result) {
  // Its arguments may hold secrets, and this goes into the record and the log.
  const std::string& command = argv.front();
  if (result.stopped) return Error(interruption_kind(), fmt::format("{} was interrupted", command));
  return Error(Kind::statement, fmt::format("{} ended with exit code {}", command, result.exit_code));
}

}  // namespace

MigrateReport run_in_maintenance(const Workplace& workplace, const Site& site,
                                 const RunInMaintenanceOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  refuse_while_one_waits(site);
  check_disk_space(site);
  const BackupMoments moments = options.backup.value_or(
      parse_backup_moments(site.config().string("migrate_backup").value_or("before,after")));
  MaintenanceWindow window = window_around_command(workplace, site);
  Operation operation = Operation::begin(site, "run-in-maintenance");
  MigrateReport report;
  report.site = site.name();
  const auto apply = [&](MaintenanceWindow&) -> ChangeOutcome {
    workplace.progress.phase(fmt::format("running {}", options.command.front()));
    operation.step("command");
    // Once it may have begun, nobody knows what it has written, whatever fails.
    try {
      const ChildResult result = run_command(workplace, site, operation, lock, options.command);
      operation.update(
          [&result](nlohmann::json& record) { record["command_succeeded"] = result.succeeded(); });
      pause_point("run-in-maintenance.command-ended");
      if (result.succeeded()) return {};
      return {.failure = failure_of(options.command, result), .left_something = true};
    } catch (const std::exception& exception) {
      const Error error = to_error(exception);
      return {.failure = error, .left_something = error.kind() != Kind::configuration};
    }
  };
  change_in_window(
      workplace, site, operation,
      {.backup = moments,
       .fence = options.fence,
       .window = std::move(window),
       .apply = apply,
       .hint_when_it_stays =
           moments.before
               ? fmt::format("{}; or recover --restore, which takes back all that was written since",
                             lift_hint(site))
               : lift_hint(site),
       .next_command =
           fmt::format("bench --site {} run-in-maintenance -- {} ...", site.name(), options.command.front()),
       .after_undo = {}},
      report);
  prune_operations(site);
  return report;
}

}  // namespace bench
