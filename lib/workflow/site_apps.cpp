#include "workflow/site_apps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/suggestion.hpp"
#include "migration/journal.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/core_app.hpp"
#include "workflow/result.hpp"

namespace bench {

InstallReport install_app(const Workplace& workplace, const Site& site, const std::string& app_name) {
  const FileLock lock = lock_and_recover(workplace, site);
  const App app = workplace.apps.get(app_name);
  const PatchLog log = read_patch_log(*connect(site, Access::read_only));
  const std::vector<Patch> patches = read_patches(app, backend_of(site).dialect);
  InstallReport report{.site = site.name(), .app = app.name, .version = app.version};
  const auto installed = site.installed_apps();
  if (std::find(installed.begin(), installed.end(), app.name) == installed.end())
    report.changed = site.edit_config([&app](SiteConfig& config) {
      nlohmann::json apps = config.json("installed_apps").value_or(nlohmann::json::array());
      apps.push_back(app.name);
      config.set_raw("installed_apps", apps.dump());
    });
  report.pending = MigrationPlan(patches, log).pending().size();
  return report;
}

namespace {

std::vector<const Patch*> patches_to_mark(const std::vector<Patch>& patches, const std::string& app,
                                          const std::string& reference, UpTo up_to) {
  const Patch* wanted = find_patch(patches, reference);
  std::vector<const Patch*> chosen;
  std::vector<std::string> ids;
  for (const Patch& patch : patches) {
    ids.push_back(patch.id);
    const bool is_it = &patch == wanted;
    if (is_it || up_to == UpTo::and_all_before) chosen.push_back(&patch);
    if (is_it) return chosen;
  }
  const std::string meant = did_you_mean(reference, ids);
  throw Error(Kind::usage, fmt::format("app {} has no patch '{}'", app, reference),
              meant.empty() ? "see them with bench patches" : meant);
}

}  // namespace

MarkReport mark_applied(const Workplace& workplace, const Site& site, const std::string& app,
                        const std::string& patch, UpTo up_to) {
  const FileLock lock = lock_and_recover(workplace, site);
  const std::vector<Patch> patches = read_patches(workplace.apps.get(app), backend_of(site).dialect);
  const std::vector<const Patch*> chosen = patches_to_mark(patches, app, patch, up_to);
  const auto database = connect_for_changes(workplace, site);
  Operation operation = Operation::begin(site, "mark-applied");
  MarkReport report{.site = site.name(), .app = app, .operation = operation.id()};
  try {
    apply_core(workplace, *database, "core");
    const PatchLog log = read_patch_log(*database);
    Journal journal(*database, operation.id());
    Transaction transaction(*database);
    for (const Patch* one : chosen) {
      const auto entry = log.find(one->log_key);
      const bool is_applied = entry != log.end() && !entry->second.skipped;
      (is_applied ? report.already : report.marked).push_back(one->log_key);
      if (is_applied) continue;
      write_patch_log(*database, *one, LogAs::applied, operation.id(), {});
      if (journal.exists()) journal.forget(one->log_key);
    }
    note_run(*database, operation.id());
    pause_point("mark-applied.before-commit");
    transaction.commit();
    pause_point("mark-applied.committed");
  } catch (const std::exception& exception) {
    // Whether it was committed before the connection was lost only the database can tell: `recover` asks it.
    if (to_error(exception).kind() != Kind::database) end_undone(operation, exception);
    throw;
  }
  operation.finish(OperationState::done, {{"marked", report.marked}});
  return report;
}

}  // namespace bench
