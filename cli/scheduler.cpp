#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "workflow/maintenance_mode.hpp"

namespace bench::cli {

namespace {

struct SchedulerFlags {
  std::string action;
  std::optional<std::chrono::milliseconds> wait;
};

Outcome act(Context& context, const Site& site, const SchedulerFlags& flags) {
  bool changed = false;
  if (flags.action != "status") {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    changed = set_scheduler(workplace, site, flags.action == "pause" ? Scheduler::pause : Scheduler::resume);
  }
  const bool paused = site.config().flag("pause_scheduler");
  Outcome outcome;
  outcome.result = {{"paused", paused}, {"changed", changed}};
  outcome.text = fmt::format("{}: the scheduler {}\n", site.name(), paused ? "is paused" : "runs");
  const bool for_all = site.config().common().flag("pause_scheduler");
  const bool until_lift = paused && !for_all && site.config().site().flag("maintenance_mode");
  if (flags.action == "resume" && until_lift) {
    outcome.text = fmt::format(
        "{}: the scheduler is paused until maintenance is lifted, and runs from then on\n", site.name());
  } else if (flags.action == "resume" && paused) {
    outcome.error = Error(Kind::configuration,
                          fmt::format("{}: pause_scheduler is set in the common config", site.name()),
                          "bench set-config -g pause_scheduler 0");
  }
  return outcome;
}

}  // namespace

Run declare_scheduler(CLI::App& app) {
  examples(app, {"bench --site develop scheduler pause", "bench --site all scheduler resume"});
  auto flags = std::make_shared<SchedulerFlags>();
  add_choice(app, "ACTION", flags->action, {"pause", "resume", "status"}, "pause, resume or status");
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) {
    context.for_each_site([&](const Site& site) { return act(context, site, *flags); });
  };
}

}  // namespace bench::cli
