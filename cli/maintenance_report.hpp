#pragma once

#include "context.hpp"
#include "workflow/maintenance_mode.hpp"

namespace bench::cli {

/// What set-maintenance-mode and maintenance-status answer.
Outcome outcome_of(const MaintenanceReport& report);

}  // namespace bench::cli
