
#include "context.hpp"
#include "maintenance_report.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

Outcome status_of(const Site& site) {
  const MaintenanceReport report = maintenance_status(site);
  Outcome outcome = outcome_of(report);
  outcome.result.erase("changed");
  if (report.mode != SiteMode::live) outcome.answer = Outcome::Answer::yes;
  return outcome;
}

}  // namespace

Run declare_maintenance_status(CLI::App& app) {
  examples(app, {"bench --site develop maintenance-status", "bench --site all maintenance-status --json"});
  return [](Context& context) { context.for_each_site(status_of); };
}

}  // namespace bench::cli
