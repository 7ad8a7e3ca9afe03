#include <set>

#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "workflow/migrate_site.hpp"

namespace bench::cli {

namespace {

Outcome patches_on(Context& context, const Site& site) {
  const MigrationOutlook outlook = outlook_of(context.silent_workplace(), site);
  Outcome outcome;
  Json patches = Json::array();
  std::vector<std::vector<std::string>> rows = {{"app", "patch", "phase", "state", "applied", "operation"}};
  for (const PlannedPatch& planned : outlook.plan.all()) {
    const Patch& patch = *planned.patch;
    const LogEntry logged = planned.entry == nullptr ? LogEntry{} : *planned.entry;
    const std::string applied_at = planned.state == PatchState::pending ? "" : logged.applied_at;
    patches.push_back({{"app", patch.app},
                       {"patch", patch.id},
                       {"phase", name(patch.phase)},
                       {"state", name(planned.state)},
                       {"applied_at", text_or_null(applied_at)},
                       {"operation", text_or_null(logged.operation)},
                       {"file", text_or_null(patch.file)},
                       {"problem", text_or_null(patch.problem)}});
    rows.push_back({patch.app, patch.id, std::string(name(patch.phase)), std::string(name(planned.state)),
                    applied_at, logged.operation});
  }
  // A line that is changed so that its patch runs again is the same patch.
  std::set<std::string_view> named;
  for (const Patch& patch : outlook.patches) named.insert(module_of(patch.log_key));
  // Not what Frappe logged: its apps drop old lines as a matter of course.
  for (const auto& [key, logged] : outlook.log) {
    if (logged.operation.empty() || named.contains(module_of(key))) continue;
    const std::string app = key.substr(0, key.find('.'));
    patches.push_back({{"app", app},
                       {"patch", key},
                       {"phase", nullptr},
                       {"state", "gone"},
                       {"applied_at", logged.applied_at},
                       {"operation", logged.operation},
                       {"file", nullptr},
                       {"problem", "no installed app names it any more"}});
    rows.push_back({app, key, "", "gone", logged.applied_at, logged.operation});
  }
  outcome.result["patches"] = patches;
  outcome.text = rows.size() > 1 ? table(rows) : fmt::format("{}: its apps have no patches\n", site.name());
  return outcome;
}

}  // namespace

Run declare_patches(CLI::App& app) {
  examples(app, {"bench --site develop patches"});
  return [](Context& context) {
    context.for_each_site([&](const Site& site) { return patches_on(context, site); },
                          {{"patches", Json::array()}});
  };
}

}  // namespace bench::cli
