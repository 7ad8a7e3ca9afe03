#pragma once

#include <string>

#include "context.hpp"
#include "maintenance/window.hpp"
#include "workflow/migrate_site.hpp"

namespace bench::cli {

/// "enforced by the database", ..., or in capitals that it is not enforced.
std::string told(const FenceReport& fence);
/// Lines about how long the site was read-only and how well that was enforced.
std::string told(const WindowReport& window);
/// Sentences, a line each.
std::string told_notes(const std::vector<std::string>& notes);

/// What migrate, run-patch and run-in-maintenance answer.
Outcome outcome_of(const MigrateReport& report, Verbosity verbosity);
/// The result of a site on which nothing was begun.
Json untouched_result();

}  // namespace bench::cli
