#include <algorithm>

#include <fmt/format.h>

#include "base/file_lock.hpp"
#include "change_report.hpp"
#include "context.hpp"
#include "operation/operation.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "workflow/decide_site.hpp"
#include "workflow/unfinished_sites.hpp"

namespace bench::cli {

namespace {

struct RecoverFlags {
  bool resume = false, mark_applied = false, restore = false;
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
  for (const UnfinishedSite& site : finish_unfinished_sites(context.workplace())) {
    Outcome outcome;
    outcome.result = {{"site", site.name}, {"told", site.told}};
    outcome.text = fmt::format("{}: {}\n", site.name, site.told);
    outcome.error = site.error;
    context.add(outcome);
  }
}

/// What holds the lock may be left of a process that is gone.
bool is_somebody_at_work(const Site& site) {
  return FileLock::is_held(site.operation_lock()) &&
         std::ranges::any_of(Operation::list_in_state(site, OperationState::running),
                             [](const Operation& operation) { return operation.process_lives(); });
}

/// All of the bench but those on which somebody is at work, unless they are to be waited for.
std::vector<Site> sites_to_recover(Context& context, const RecoverFlags& flags) {
  std::vector<Site> sites;
  for (const std::string& name : context.bench().site_names()) {
    const Site site = context.bench().site(name);
    if (!flags.wait && is_somebody_at_work(site))
      context.printer().note(fmt::format("{}: an operation is under way, and left alone", name));
    else
      sites.push_back(site);
  }
  return sites;
}

std::string choice_of(const RecoverFlags& flags) {
  std::vector<std::string> given;
  if (flags.resume) given.emplace_back("--resume");
  if (flags.mark_applied) given.emplace_back("--mark-applied");
  if (flags.restore) given.emplace_back("--restore");
  if (given.size() > 1)
    throw Error(Kind::usage, fmt::format("{} and {} exclude each other", given[0], given[1]),
                "give one of them");
  return given.empty() ? "" : given.front();
}

/// A person's decision about what stopped half-way.
void settle(Context& context, const std::string& choice, std::chrono::milliseconds wait) {
  const Site chosen = context.only_site();
  if (choice == "--restore")
    confirm_by_name(
        context, chosen.name(),
        fmt::format("recover --restore takes back all that was written to {} since the backup that the "
                    "operation took, by whomever",
                    chosen.name()),
        Confirmed::no);
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, wait);
    if (choice == "--restore") return outcome_of(restore_before(workplace, site));
    const Doubt doubt = choice == "--mark-applied" ? Doubt::took_effect : Doubt::run_again;
    return outcome_of(resume_site(workplace, site, doubt), context.printer().verbosity());
  };
  context.for_each_site({chosen}, task);
}

void run(Context& context, const RecoverFlags& flags) {
  if (const std::string choice = choice_of(flags); !choice.empty())
    return settle(context, choice, flags.wait.value_or(std::chrono::milliseconds(0)));
  const bool whole_bench = context.options().sites.empty();
  if (whole_bench) finish_half_made_sites(context);
  const std::vector<Site> sites = whole_bench ? sites_to_recover(context, flags) : context.sites();
  const auto task = [&](const Site& site) {
    return outcome_of(
        recover_site(context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0))), site));
  };
  context.for_each_site(sites, task, {{"operations", Json::array()}});
}

}  // namespace

Run declare_recover(CLI::App& app) {
  examples(app, {"bench --site develop recover", "bench recover", "bench --site develop recover --resume"});
  auto flags = std::make_shared<RecoverFlags>();
  add_flag(
      app, "--resume", flags->resume,
      "go on with a migrate that stopped half-way, also where the site was opened after that; a statement in "
      "doubt is run again unless the database proves that it took effect");
  add_flag(app, "--mark-applied", flags->mark_applied, "the same, and the statement in doubt took effect");
  add_flag(app, "--restore", flags->restore,
           "restore the backup that the operation took before its change; asks first (--yes)");
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
