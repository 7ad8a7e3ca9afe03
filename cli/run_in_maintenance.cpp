
#include "change_report.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/maintenance_mode.hpp"

namespace bench::cli {

namespace {

struct RunInMaintenanceFlags {
  std::optional<std::string> backup;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

void run(Context& context, const RunInMaintenanceFlags& flags) {
  RunInMaintenanceOptions options;
  options.command = context.foreign_command();
  if (options.command.empty() || options.command.front().empty()) {
    throw Error(Kind::usage, "run-in-maintenance needs a command",
                "put it behind --: bench run-in-maintenance -- COMMAND");
  }
  options.fence = flags.fence.options();
  if (flags.backup) options.backup = parse_backup_moments(*flags.backup);
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(run_in_maintenance(workplace, site, options), context.printer().verbosity());
  };
  context.for_each_site(task, untouched_result());
}

}  // namespace

Run declare_run_in_maintenance(CLI::App& app) {
  examples(app, {"bench --site develop run-in-maintenance -- ./manage.py migrate",
                 "bench --site develop run-in-maintenance --backup before -- rails db:migrate"});
  auto flags = std::make_shared<RunInMaintenanceFlags>();
  add_text(app, "--backup", flags->backup,
           "before,after or before or after or none; else migrate_backup, else both", "WHEN");
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
