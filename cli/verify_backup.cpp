#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "workflow/backup_site.hpp"

namespace bench::cli {

namespace {

using namespace std::chrono_literals;

struct VerifyBackupFlags {
  std::string set;
  bool drill = false;
  std::optional<std::chrono::milliseconds> wait;
};

Outcome outcome_of(const VerifyReport& report) {
  Outcome outcome;
  outcome.result = {{"set", report.set},         {"manifest", report.manifest.string()},
                    {"drilled", report.drilled}, {"tables", report.tables},
                    {"rows", report.rows},       {"not_proven", report.not_proven}};
  outcome.text =
      fmt::format("{}: the set {} is good: {} tables with {} rows, {}\n", report.site, report.set,
                  report.tables, report.rows,
                  report.drilled ? "restored into a scratch database and compared"
                                 : "every file read to its end and compared (--drill restores it, too)");
  for (const std::string& statement : report.not_proven)
    outcome.text += fmt::format("  not proven, because it needs what the set does not hold: {}\n", statement);
  return outcome;
}

void run(Context& context, const VerifyBackupFlags& flags) {
  const std::vector<Site> sites = {context.only_site()};
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(1h));
    return outcome_of(verify_backup(workplace, site, flags.set, flags.drill ? Drill::yes : Drill::no));
  };
  context.for_each_site(sites, task, {{"set", flags.set}});
}

}  // namespace

Run declare_verify_backup(CLI::App& app) {
  examples(app, {"bench --site develop verify-backup 20261121_034100-develop",
                 "bench --site develop verify-backup 20261121_034100-develop --drill"});
  auto flags = std::make_shared<VerifyBackupFlags>();
  add_argument(app, "SET", flags->set,
               "a set's name as `bench list-backups` shows it, or its manifest's path");
  add_flag(app, "--drill", flags->drill, "restore it into a scratch database and compare every table");
  add_wait_option(app, flags->wait, "1h");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
