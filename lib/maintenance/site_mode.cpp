#include "maintenance/window.hpp"

namespace bench {

SiteMode site_mode(const LayeredConfig& config) {
  return config.flag("maintenance_mode") ? mode_in_maintenance(config) : SiteMode::live;
}

SiteMode mode_in_maintenance(const LayeredConfig& config) {
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
