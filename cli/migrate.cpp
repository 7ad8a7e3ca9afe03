#include "workflow/migrate_site.hpp"

#include <fmt/format.h>

#include "change_report.hpp"
#include "context.hpp"
#include "operation/operation.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct MigrateFlags {
  bool plan = false;
  bool check = false;
  std::optional<std::string> backup, reason;
  bool skip_failing = false;
  bool skip_search_index = false;
  bool accept_drift = false;
  std::string on_failure = "undo";
  bool all_or_nothing = false;
  std::optional<std::chrono::milliseconds> lock_timeout;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

MigrateOptions options_of(const MigrateFlags& flags) {
  MigrateOptions options;
  options.fence = flags.fence.options();
  if (flags.backup) options.backup = parse_backup_moments(*flags.backup);
  options.reason = flags.reason.value_or("");
  if (flags.skip_failing) options.on_patch_failure = RunOptions::OnFailure::skip;
  if (flags.accept_drift) options.drift = MigrateOptions::Drift::accept;
  if (flags.on_failure == "keep") options.on_failure = OnFailure::keep;
  if (flags.all_or_nothing) options.unit = RunOptions::Unit::run;
  if (flags.lock_timeout) options.patience.lock_timeout = *flags.lock_timeout;
  return options;
}

std::string told_statements(const Patch& patch) {
  if (!patch.problem.empty()) return fmt::format("-- CANNOT RUN: {}\n", patch.problem);
  if (patch.kind == PatchKind::executable) return "-- an executable: it prints its SQL when it runs\n";
  std::string text;
  for (const Statement& statement : patch.statements) text += statement.text + ";\n";
  return text;
}

Json planned(const Patch& patch) {
  Json statements = Json::array();
  for (const Statement& statement : patch.statements) statements.push_back(statement.text);
  return {{"app", patch.app},
          {"patch", patch.id},
          {"phase", name(patch.phase)},
          {"kind", patch.kind == PatchKind::executable ? "executable" : "sql"},
          {"file", patch.file},
          {"statements", statements},
          {"problem", text_or_null(patch.problem)}};
}

Json planned(const std::vector<const Patch*>& patches) {
  Json list = Json::array();
  for (const Patch* patch : patches) list.push_back(planned(*patch));
  return list;
}

/// --plan and --check: what a migrate would do.
Outcome look(Context& context, const Site& site, const MigrateFlags& flags) {
  context.tell_interrupted(site);
  const MigrationOutlook outlook = outlook_of(context.silent_workplace(), site);
  const auto& pending = outlook.plan.pending();
  const auto& drifted = outlook.plan.drifted();
  Outcome outcome;
  outcome.result = {
      {"pending", planned(pending)}, {"drifted", planned(drifted)}, {"refused_because", nullptr}};

  outcome.text = fmt::format("-- {}: {} {} pending\n", site.name(), pending.size(),
                             pending.size() == 1 ? "patch" : "patches");
  // The next command ends what was interrupted.
  const bool is_settled = interrupted_operations(site, Lock::not_held).empty();
  if (const auto refused = is_settled ? why_refused(site, outlook) : std::nullopt) {
    outcome.result["refused_because"] = refused->what();
    outcome.text += fmt::format("-- WOULD BE REFUSED: {}\n-- hint: {}\n", refused->what(), refused->hint());
  }
  for (const Patch* patch : drifted) {
    outcome.text +=
        fmt::format("-- {} {} was applied and has CHANGED since: {}\n", patch->app, patch->id, patch->file);
  }
  for (const Patch* patch : pending) {
    if (flags.plan)
      outcome.text += fmt::format("\n-- {} {} ({}): {}\n{}", patch->app, patch->id, name(patch->phase),
                                  patch->file, told_statements(*patch));
    else if (!patch->problem.empty())
      outcome.text += fmt::format("-- {} {} CANNOT RUN: {}\n", patch->app, patch->id, patch->problem);
  }
  if (flags.check && !(pending.empty() && drifted.empty())) outcome.answer = Outcome::Answer::yes;
  return outcome;
}

void run(Context& context, const MigrateFlags& flags) {
  const MigrateOptions options = options_of(flags);
  if (flags.skip_search_index)
    context.printer().note("--skip-search-index has nothing to do: bench builds no search index");
  if (flags.plan || flags.check) {
    const Json nothing = {
        {"pending", Json::array()}, {"drifted", Json::array()}, {"refused_because", nullptr}};
    context.for_each_site([&](const Site& site) { return look(context, site, flags); }, nothing);
    return;
  }
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(migrate_site(workplace, site, options), context.printer().verbosity());
  };
  context.for_each_site(task, untouched_result());
}

}  // namespace

Run declare_migrate(CLI::App& app) {
  examples(app,
           {"bench --site develop migrate", "bench --site develop migrate --plan",
            "bench --site all migrate --check", "bench --site 'shop-*' migrate --backup before --fail-fast"});
  auto flags = std::make_shared<MigrateFlags>();
  add_flag(app, "--plan", flags->plan, "show what would run, with its SQL; change nothing");
  add_flag(app, "--check", flags->check, "exit 3 when a patch is pending or has changed; change nothing");
  add_text(app, "--backup", flags->backup,
           "before,after or before or after or none; else migrate_backup, else both", "WHEN");
  add_text(app, "--reason", flags->reason, "what for, on the site's pages while they are read-only");
  add_flag(app, "--skip-failing", flags->skip_failing,
           "go on behind a failing patch; it is tried again next time");
  add_flag(app, "--accept-drift", flags->accept_drift, "accept patches that changed after they were applied");
  add_flag(app, "--all-or-nothing", flags->all_or_nothing,
           "all patches in one transaction (PostgreSQL; SQLite always); who reads a table that one of them "
           "alters "
           "wait until the end");
  add_patch_run_options(app, flags->on_failure, flags->lock_timeout);
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "not at all");
  add_flag(app, "--skip-search-index", flags->skip_search_index,
           "accepted for Frappe's scripts; has nothing to do");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
