
#include "change_report.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/migrate_site.hpp"

namespace bench::cli {

namespace {

struct RunPatchFlags {
  std::string patch;
  bool force = false;
  std::optional<std::string> backup;
  std::string on_failure = "undo";
  std::optional<std::chrono::milliseconds> lock_timeout;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

void run(Context& context, const RunPatchFlags& flags) {
  MigrateOptions options;
  options.only = flags.patch;
  options.force = flags.force ? MigrateOptions::Force::yes : MigrateOptions::Force::no;
  options.fence = flags.fence.options();
  if (flags.backup) options.backup = parse_backup_moments(*flags.backup);
  if (flags.on_failure == "keep") options.on_failure = OnFailure::keep;
  if (flags.lock_timeout) options.patience.lock_timeout = *flags.lock_timeout;
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(migrate_site(workplace, site, options), context.printer().verbosity());
  };
  context.for_each_site(task, untouched_result());
}

}  // namespace

Run declare_run_patch(CLI::App& app) {
  examples(app, {"bench --site develop run-patch demo.patches.v1.add_isbn",
                 "bench --site develop run-patch demo.patches.v1.add_isbn --force"});
  auto flags = std::make_shared<RunPatchFlags>();
  add_argument(app, "PATCH", flags->patch, "its id as `bench patches` shows it, or APP.ID");
  add_flag(app, "--force", flags->force, "run it although the log says that it was applied");
  add_text(app, "--backup", flags->backup,
           "before,after or before or after or none; else migrate_backup, else both", "WHEN");
  add_patch_run_options(app, flags->on_failure, flags->lock_timeout);
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
