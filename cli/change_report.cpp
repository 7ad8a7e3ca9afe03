#include "change_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"
#include "workflow/result.hpp"

namespace bench::cli {

namespace {

constexpr std::size_t patches_shown = 20;

std::string told(const PatchResult& patch) {
  switch (patch.state) {
    case RunState::applied:
      return "";
    case RunState::skipped:
      return "SKIPPED";
    case RunState::failed:
      return "FAILED";
    case RunState::pending:
      if (patch.undone) return "undone";
      return patch.duration.count() > 0 ? "interrupted" : "not run";
  }
  return "";
}

std::string told_patches(const std::vector<PatchResult>& patches, Verbosity verbosity) {
  const std::size_t most = verbosity == Verbosity::verbose ? patches.size() : patches_shown;
  std::vector<std::vector<std::string>> rows;
  std::size_t left_out = 0;
  for (const PatchResult& patch : patches) {
    const bool went_well = patch.state == RunState::applied;
    if (went_well && rows.size() >= most)
      ++left_out;
    else
      rows.push_back({"    " + patch.app, patch.patch, format_duration(patch.duration), told(patch)});
  }
  std::string text = table(rows);
  if (left_out > 0) text += fmt::format("    and {} more, applied (-v shows them)\n", left_out);
  return text;
}

std::string headline(const MigrateReport& report) {
  const auto applied =
      std::count_if(report.patches.begin(), report.patches.end(),
                    [](const PatchResult& patch) { return patch.state == RunState::applied; });
  switch (report.result) {
    case MigrateResult::up_to_date:
      return fmt::format("{}: up to date, nothing to do", report.site);
    case MigrateResult::migrated:
      return report.patches.empty() ? fmt::format("{}: done", report.site)
                                    : fmt::format("{}: migrated, {} {} applied", report.site, applied,
                                                  applied == 1 ? "patch" : "patches");
    case MigrateResult::undone:
      return fmt::format("{}: FAILED and undone: the site is as it was", report.site);
    case MigrateResult::needs_attention:
      return fmt::format("{}: FAILED; the site STAYS IN MAINTENANCE", report.site);
  }
  return "";
}

}  // namespace

std::string told(const FenceReport& fence) {
  std::string text;
  switch (fence.level) {
    case FenceLevel::database:
      text = "writes were refused by the database\n";
      break;
    case FenceLevel::database_with_gaps:
      text = "writes were refused by the database, but for these gaps:\n";
      break;
    case FenceLevel::not_enforced:
      text = "NOT ENFORCED: the app was only asked not to write\n";
      break;
  }
  for (const std::string& gap : fence.gaps) text += fmt::format("             {}\n", gap);
  return text;
}

std::string told(const WindowReport& window) {
  std::string text = fmt::format("  {:<9}  {} ({} of it until the last writer was gone", name(window.mode),
                                 format_duration(window.duration), format_duration(window.fence.drain));
  if (window.fence.ended_sessions > 0)
    text += fmt::format("; {} sessions were ended", window.fence.ended_sessions);
  text += fmt::format(")\n  fence      {}", told(window.fence));
  if (window.slipped_in)
    text += "             a write of somebody else came in between the commit and the after-backup\n";
  return text;
}

std::string told_notes(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += fmt::format("  note       {}\n", note);
  return text;
}

Outcome outcome_of(const MigrateReport& report, Verbosity verbosity) {
  Outcome outcome;
  const nlohmann::json record = result_record(report);
  for (const char* member : {"operation", "result", "patches", "window", "backups", "notes"}) {
    outcome.result[member] = record.at(member);
  }
  outcome.error = report.error;
  outcome.text = headline(report) + "\n";
  if (!report.patches.empty()) outcome.text += "  patches\n" + told_patches(report.patches, verbosity);
  if (report.window) outcome.text += told(*report.window);
  if (report.before) outcome.text += fmt::format("  before     {}\n", report.before->string());
  if (report.after) outcome.text += fmt::format("  after      {}\n", report.after->string());
  outcome.text += told_notes(report.notes);
  if (!report.operation.empty()) outcome.text += fmt::format("  operation  {}\n", report.operation);
  return outcome;
}

Json untouched_result() {
  MigrateReport report;
  report.result = MigrateResult::undone;
  Json result = result_record(report);
  result.erase("site");
  result.erase("error");
  return result;
}

}  // namespace bench::cli
