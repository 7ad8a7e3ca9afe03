#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/file_lock.hpp"
#include "change_report.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/new_site.hpp"
#include "workflow/recover_site.hpp"

namespace bench::cli {

namespace {

struct RecoverFlags {
  std::optional<std::chrono::milliseconds> wait;
};

Outcome outcome_of(const RecoverReport& report) {
  Outcome outcome;
  Json operations = Json::array();
  for (const Recovered& recovered : report.operations) {
    operations.push_back({{"operation", recovered.operation},
                          {"kind", recovered.kind},
                          {"outcome", name(recovered.outcome)},
                          {"told", recovered.told}});
    outcome.text += fmt::format("{}: {}: {}\n  operation  {}\n", report.site, recovered.kind, recovered.told,
                                recovered.operation);
  }
  outcome.result = {{"operations", operations}, {"notes", report.notes}};
  if (report.operations.empty()) outcome.text = fmt::format("{}: nothing was interrupted\n", report.site);
  outcome.text += told_notes(report.notes);
  outcome.error = attention_needed(report);
  return outcome;
}

void finish_half_made_sites(Context& context) {
  for (const UnfinishedSite& site : finish_unfinished_sites(context.bench())) {
    Outcome outcome;
    outcome.result = {{"site", site.name}, {"told", site.told}};
    outcome.text = fmt::format("{}: {}\n", site.name, site.told);
    context.add(outcome);
  }
}

/// All of the bench but those on which somebody is at work.
std::vector<Site> idle_sites(Context& context) {
  std::vector<Site> sites;
  for (const std::string& name : context.bench().site_names()) {
    const Site site = context.bench().site(name);
    if (!FileLock::is_held(site.operation_lock())) sites.push_back(site);
  }
  return sites;
}

void run(Context& context, const RecoverFlags& flags) {
  const bool whole_bench = context.options().sites.empty();
  if (whole_bench) finish_half_made_sites(context);
  const std::vector<Site> sites = whole_bench ? idle_sites(context) : context.sites();
  const auto task = [&](const Site& site) {
    return outcome_of(
        recover_site(context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0))), site));
  };
  context.for_each_site(sites, task, {{"operations", Json::array()}});
}

}  // namespace

Run declare_recover(CLI::App& app) {
  examples(app, {"bench --site develop recover", "bench recover"});
  auto flags = std::make_shared<RecoverFlags>();
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
