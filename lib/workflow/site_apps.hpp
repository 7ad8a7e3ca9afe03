#pragma once

#include <string>
#include <vector>

#include "workflow/workplace.hpp"

namespace bench {

struct InstallReport {
  std::string site, app, version;
  bool changed = false;
  std::size_t pending = 0;  ///< patches that the next migrate will apply
};
/// Records the app in the site's config; its patches wait for `migrate`.
InstallReport install_app(const Workplace& workplace, const Site& site, const std::string& app);

enum class UpTo { only_this, and_all_before };
struct MarkReport {
  std::string site, app, operation;
  std::vector<std::string> marked;   ///< log keys
  std::vector<std::string> already;  ///< were applied before
};
/// Logs patches as applied without running them. `patch` is an id, a log key, or a dotted name.
MarkReport mark_applied(const Workplace& workplace, const Site& site, const std::string& app,
                        const std::string& patch, UpTo up_to);

/// One line of list-sites.
struct SiteSummary {
  std::string site, db_type, db_name, mode;
  std::string last_backup;    ///< ISO 8601; empty: none
  std::int64_t pending = -1;  ///< -1: cannot be told, `problem` says why
  std::string interrupted;    ///< id of an operation that was cut off
  std::string problem;
};
/// Never throws for what is wrong with the site: that is in `problem`.
SiteSummary summarize_site(const Workplace& workplace, const Site& site);

}  // namespace bench
