#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "workflow/site_apps.hpp"

namespace bench::cli {

namespace {

struct InstallAppFlags {
  std::vector<std::string> apps;
  bool force = false;
  std::optional<std::chrono::milliseconds> wait;
};

Outcome install(Context& context, const Site& site, const InstallAppFlags& flags) {
  const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
  Outcome outcome;
  Json apps = Json::array();
  for (const std::string& app : flags.apps) {
    const InstallReport report = install_app(workplace, site, app);
    apps.push_back({{"app", report.app},
                    {"version", text_or_null(report.version)},
                    {"changed", report.changed},
                    {"pending", report.pending}});
    outcome.text += fmt::format(
        "{}: {} {}{}\n", site.name(), report.app, report.changed ? "is installed" : "was installed already",
        report.pending == 0 ? ""
                            : fmt::format("; {} {} for migrate", report.pending,
                                          report.pending == 1 ? "patch waits" : "patches wait"));
  }
  outcome.result["apps"] = apps;
  return outcome;
}

}  // namespace

Run declare_install_app(CLI::App& app) {
  examples(app, {"bench --site develop install-app demo", "bench --site all install-app demo"});
  auto flags = std::make_shared<InstallAppFlags>();
  add_arguments(app, "APP", flags->apps, "apps that the bench has");
  add_flag(app, "--force", flags->force, "accepted for Frappe's scripts; an app is never installed twice");
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) {
    context.for_each_site([&](const Site& site) { return install(context, site, *flags); },
                          {{"apps", Json::array()}});
  };
}

}  // namespace bench::cli
