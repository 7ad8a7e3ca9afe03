#include "maintenance/window.hpp"

namespace bench {

SiteMode site_mode(const LayeredConfig& config) {
  if (!config.flag("maintenance_mode")) return SiteMode::live;
  return config.flag("allow_reads_during_maintenance") ? SiteMode::read_only : SiteMode::closed;
}

std::string_view name(SiteMode mode) {
  switch (mode) {
    case SiteMode::live:
      return "live";
    case SiteMode::read_only:
      return "read-only";
    case SiteMode::closed:
      return "closed";
  }
  return "";
}

}  // namespace bench
