
#include "context.hpp"
#include "maintenance_report.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct SetMaintenanceModeFlags {
  std::string state;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

void run(Context& context, const SetMaintenanceModeFlags& flags) {
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(
        flags.state == "on"
            ? maintenance_on(workplace, site, flags.fence.options())
            : maintenance_off(workplace, site, context.options().yes ? Doubtful::open : Doubtful::refuse));
  };
  context.for_each_site(task);
}

}  // namespace

Run declare_set_maintenance_mode(CLI::App& app) {
  examples(app,
           {"bench --site develop set-maintenance-mode on", "bench --site all set-maintenance-mode off"});
  auto flags = std::make_shared<SetMaintenanceModeFlags>();
  add_choice(app, "STATE", flags->state, {"on", "off"},
             "on or off; off with --yes opens also a site whose migrate stopped half-way, and gives the app "
             "account its "
             "usual rights where nobody knows any more which a fence took");
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
