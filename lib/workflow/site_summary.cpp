#include "backup/backup_set.hpp"
#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "operation/operation.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/site_apps.hpp"

namespace bench {

SiteSummary summarize_site(const Workplace& workplace, const Site& site) {
  SiteSummary summary;
  summary.site = site.name();
  try {
    const LayeredConfig config = site.config();
    summary.db_type = config.string("db_type").value_or("");
    summary.db_name = config.string("db_name").value_or("");
    summary.mode = name(site_mode(config));
    const auto interrupted = interrupted_operations(site, Lock::not_held);
    if (!interrupted.empty()) summary.interrupted = interrupted.front().id();
    for (const BackupSet& set : list_sets(backup_folders(site).front()).sets)
      if (set.manifest().site == site.name())
        summary.last_backup = std::max(summary.last_backup, set.manifest().created);
    summary.pending = static_cast<std::int64_t>(outlook_of(workplace, site).plan.pending().size());
  } catch (const std::exception& error) {
    summary.problem = error.what();
  }
  return summary;
}

}  // namespace bench
