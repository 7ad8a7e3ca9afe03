#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "unfinished_sites.hpp"
#include "workflow/site_apps.hpp"

namespace bench::cli {

namespace {

Outcome outcome_of(const SiteSummary& summary) {
  Outcome outcome;
  outcome.result = {{"site", summary.site},
                    {"db_type", summary.db_type},
                    {"db_name", summary.db_name},
                    {"mode", summary.mode},
                    {"last_backup", text_or_null(summary.last_backup)},
                    {"pending", summary.pending < 0 ? Json(nullptr) : Json(summary.pending)},
                    {"interrupted", text_or_null(summary.interrupted)},
                    {"problem", text_or_null(summary.problem)}};
  return outcome;
}

std::vector<std::string> row_of(const SiteSummary& summary) {
  std::string remark = summary.problem;
  if (!summary.interrupted.empty()) remark = fmt::format("{} was interrupted", summary.interrupted);
  return {summary.site,
          summary.db_type.empty() ? "?" : fmt::format("{} ({})", summary.db_name, summary.db_type),
          summary.mode.empty() ? "?" : summary.mode,
          summary.last_backup.empty() ? "none" : summary.last_backup,
          summary.pending < 0 ? "?" : std::to_string(summary.pending),
          remark};
}

void run(Context& context) {
  tell_unfinished_sites(context.bench(), context.printer());
  const Workplace workplace = context.silent_workplace();
  std::vector<Site> sites;
  if (!context.options().sites.empty())
    sites = context.sites();
  else
    for (const std::string& name : context.bench().site_names()) sites.push_back(context.bench().site(name));

  std::vector<std::vector<std::string>> rows = {{"site", "database", "mode", "last backup", "pending", ""}};
  for (const Site& site : sites) {
    const SiteSummary summary = summarize_site(workplace, site);
    rows.push_back(row_of(summary));
    context.add(outcome_of(summary));
  }
  if (sites.empty())
    context.printer().note("there is no site yet: bench new-site NAME");
  else
    context.printer().data(table(rows));
}

}  // namespace

Run declare_list_sites(CLI::App& app) {
  examples(app, {"bench list-sites", "bench list-sites --json"});
  return [](Context& context) { run(context); };
}

}  // namespace bench::cli
