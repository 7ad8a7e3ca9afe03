#include "maintenance_report.hpp"

#include <fmt/format.h>

#include "change_report.hpp"

namespace bench::cli {

namespace {

std::string told(const MaintenanceReport& report) {
  const bool is_enforced = !report.fence || report.fence->level != FenceLevel::not_enforced;
  if (report.mode == SiteMode::read_only && !is_enforced)
    return "in maintenance, NOT ENFORCED: reads are answered, and nothing but the app itself refuses writes";
  switch (report.mode) {
    case SiteMode::live:
      return "live: not in maintenance";
    case SiteMode::read_only:
      return "in maintenance, READ-ONLY: reads are answered, writes are not";
    case SiteMode::closed:
      return "in maintenance, CLOSED: nothing is answered (set allow_reads_during_maintenance to 1 to keep "
             "reads)";
  }
  return "";
}

}  // namespace

Outcome outcome_of(const MaintenanceReport& report) {
  Outcome outcome;
  outcome.result = {{"mode", name(report.mode)},
                    {"scheduler_paused", report.scheduler_paused},
                    {"changed", report.changed},
                    {"operation", text_or_null(report.operation)},
                    {"fence", report.fence ? Json(name(report.fence->level)) : Json(nullptr)},
                    {"gaps", report.fence ? Json(report.fence->gaps) : Json::array()},
                    {"ended_sessions", report.fence ? report.fence->ended_sessions : 0},
                    {"notes", report.notes}};
  outcome.text = fmt::format("{}: {}\n", report.site, told(report));
  if (report.fence) outcome.text += fmt::format("  fence      {}", cli::told(*report.fence));
  if (report.fence && report.fence->ended_sessions > 0)
    outcome.text += fmt::format("  ended      {} sessions of the app\n", report.fence->ended_sessions);
  if (report.scheduler_paused) outcome.text += "  scheduler  paused\n";
  outcome.text += told_notes(report.notes);
  if (!report.operation.empty()) outcome.text += fmt::format("  operation  {}\n", report.operation);
  return outcome;
}

}  // namespace bench::cli
