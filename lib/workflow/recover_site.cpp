#include "workflow/recover_site.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "backup/backup_set.hpp"
#include "backup/create.hpp"
#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "database/admin_account.hpp"
#include "maintenance/window.hpp"
#include "operation/site_lock.hpp"
#include "workflow/doubt.hpp"
#include "workflow/hooks.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/put_back.hpp"
#include "workflow/restore_swap.hpp"

namespace bench {

// Without an account that may make databases there was no scratch.
void finish_scratch(const Workplace& workplace, const Site& site, const Operation& operation) {
  const SiteDatabase database = database_of(workplace, site);
  if (backend_of(site).has_server && !database.admin) {
    if (fence_level(operation.record().value("fence", "")) == FenceLevel::not_enforced) return;
    require_admin(database, fmt::format("bringing {}, which fenced the site, to an end", operation.id()));
  }
  backend_of(site).recover_scratch(database, operation.folder_path(), operation.id());
}

// The step is what tells a later recover that the app may have written since.
void lift_window_of(const Workplace& workplace, const Site& site, Operation& operation,
                    std::vector<std::string>& notes) {
  operation.step("lift");
  for (std::string& what : lift_saved_window(site, database_of(workplace, site), operation))
    notes.push_back(std::move(what));
}

namespace {

bool holds_finished_set(const std::filesystem::path& folder) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name.front() != '.' && name.ends_with("-manifest.json")) return true;
  }
  return false;
}

// A before-set that was finished stays, what a restore set aside of a damaged database, and what patches
// printed for as long as they may go on; all else in an operation's folder served only the operation while it
// ran.
void clean_folder(const Operation& operation, OperationState outcome) {
  const std::filesystem::path folder = operation.folder_path();
  const bool has_set = holds_finished_set(folder);
  const bool waits = outcome == OperationState::needs_attention;
  if (has_set) remove_stale_temporaries(folder);
  std::vector<std::filesystem::path> leftovers;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    const bool served_the_run = name == "reserve" || name == "connection.json" ||
                                name.find("_bench_" + operation.id()) != std::string::npos;
    const bool is_kept = name.starts_with("damaged-") || (has_set && !served_the_run);
    const bool stays = is_printed(entry.path()) ? waits : is_kept;
    if (!stays) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) remove_tree(path);
  std::filesystem::remove(folder, none);
}

struct Judgement {
  OperationState outcome;
  std::string told;
  std::string hint = {};
};

// It only makes a sentence better, and the app's patches may be gone, or be at work under somebody's hands.
std::optional<DoubtfulStatement> find_doubt_if_it_can(const Workplace& workplace, const Site& site,
                                                      Database& database) {
  try {
    return find_doubt(workplace, site, database);
  } catch (const Error& error) {
    if (error.kind() != Kind::configuration) throw;
    return std::nullopt;
  }
}

// What fails for good must not keep the site from being restored, resumed or lifted by a person.
bool is_for_a_person(const Error& error) {
  return error.kind() == Kind::bad_backup || error.kind() == Kind::configuration ||
         error.kind() == Kind::statement || error.kind() == Kind::undone ||
         error.kind() == Kind::needs_attention;
}

// `what` is in the database, and no rollback takes it out again.
Judgement undo(const Workplace& workplace, const Site& site, Operation& operation, Database& connection,
               std::string_view what, std::string hint) {
  // Once the lift has begun the app may write again, and what was to be undone is.
  if (operation.has_begun("lift"))
    return {OperationState::undone, "it had been undone, and only the lift was to be finished"};
  const auto stays = [&](const std::string& reason) -> Judgement {
    return {OperationState::needs_attention,
            fmt::format("{}, which is not undone, because {}; the site stays in maintenance", what, reason),
            std::move(hint)};
  };
  if (const auto reason = why_not_put_back(site, operation)) return stays(*reason);
  std::vector<std::string> changed;
  try {
    changed = put_back(workplace, site, operation, connection, OthersWrites::must_be_none);
  } catch (const Error& error) {
    if (!is_for_a_person(error)) throw;
    const bool is_refused = error.kind() == Kind::needs_attention;
    if (!error.hint().empty())
      hint = is_refused ? error.hint()
                        : fmt::format("{}; then {}", error.hint(), put_back_hint(site, operation));
    return stays(
        fmt::format("{}{}", is_refused ? "" : "restoring the backup taken before it failed: ", error.what()));
  }
  return {OperationState::undone,
          fmt::format("{}; the backup taken before it was restored, and {}", what, as_it_was(changed))};
}

Judgement judge_migrate(const Workplace& workplace, const Site& site, Operation& operation) {
  const auto connection = connect_for_changes(workplace, site);
  if (!run_is_whole(*connection, operation.id())) {
    if (!applied_anything(*connection, operation.id()) &&
        !Journal(*connection, operation.id()).speaks_of(operation.id())) {
      // Once the lift has begun they are what they were, and the app's are given back already.
      std::vector<std::string> changed;
      if (operation.has_begun("put-back") && !operation.has_begun("lift"))
        changed = put_rights_back(workplace, site, operation);
      return {OperationState::undone,
              fmt::format("no patch of it is in the database; {}", as_it_was(changed))};
    }
    const auto doubt = find_doubt_if_it_can(workplace, site, *connection);
    const std::string resume = fmt::format("bench --site {} recover --resume", site.name());
    return undo(
        workplace, site, operation, *connection,
        fmt::format("a part of its patches is in the database{}",
                    doubt ? fmt::format(", and it was cut off in {}", doubt->told) : ""),
        doubt && !doubt->took_effect
            ? fmt::format(
                  "look at what the statement changes: bench --site {} recover --mark-applied if it took "
                  "effect, or {}, which runs it again",
                  site.name(), resume)
            : resume);
  }
  const bool lacks_after =
      operation.record().value("wants_after", false) && !operation.record().at("backups").contains("after");
  return {
      OperationState::done,
      lacks_after
          ? fmt::format(
                "its run was committed, and the backup after it was not taken: run bench --site {} backup",
                site.name())
          : "its run was committed"};
}

Judgement judge_restore(const Site& site, Operation& operation) {
  const RestoreStage stage(site, operation);
  // Before that the app may have no account yet to ask with.
  if (operation.has_begun("swap") && stage.is_swapped(*connect(site, Access::read_write))) {
    stage.finish();
    return {OperationState::done,
            "the restored database was in place, and the rest of the restore was finished"};
  }
  stage.discard();
  return {OperationState::undone, "the database had not been replaced; the site is as it was"};
}

Judgement judge_command(const Workplace& workplace, const Site& site, Operation& operation) {
  if (!operation.has_begun("command"))
    return {OperationState::undone, "its command had not begun; the site is as it was"};
  if (operation.record().value("command_succeeded", false))
    return {OperationState::done, "its command had ended well"};
  const auto connection = connect_for_changes(workplace, site);
  return undo(workplace, site, operation, *connection, "nobody knows what its command has written",
              lift_hint(site));
}

// With its manifest in place a set is whole, whatever became of who took it.
std::optional<std::string> finished_set(const Operation& operation) try {
  for (const auto& folder : operation.record().at("backups").value("folders", nlohmann::json::array()))
    for (const BackupSet& set : list_sets(folder.get<std::string>()).sets)
      if (set.manifest().operation == operation.id()) return set.name();
  return std::nullopt;
} catch (const Error&) {
  // A folder that cannot be read must not keep the site from its good state.
  return std::nullopt;
}

Judgement judge_by_set(const Operation& operation) {
  const auto set = finished_set(operation);
  if (!set)
    return {OperationState::undone, operation.kind() == "backup"
                                        ? "no set of it was found; the site is as it was"
                                        : "the site is as it was"};
  if (operation.kind() == "backup") return {OperationState::done, fmt::format("its set {} was whole", *set)};
  return {OperationState::undone, fmt::format("the site is as it was, and the set {} is there", *set)};
}

Judgement judge(const Workplace& workplace, const Site& site, Operation& operation) {
  const std::string kind = operation.kind();
  if (kind == "migrate" || kind == "run-patch" || kind == "mark-applied")
    return judge_migrate(workplace, site, operation);
  if (kind == "restore") return judge_restore(site, operation);
  if (kind == "run-in-maintenance") return judge_command(workplace, site, operation);
  return judge_by_set(operation);
}

// A server that is away comes back, and then it answers. Only that it has lost the database is an answer.
bool may_answer_later(const Workplace& workplace, const Site& site) {
  if (!backend_of(site).has_server) return false;
  try {
    const SiteDatabase database = database_of(workplace, site);
    return !database.admin || backend_of(site).has_database(database);
  } catch (const Error&) {
    return true;
  }
}

// A database that cannot be opened answers nothing; a restore can still replace it.
Judgement judge_or_ask(const Workplace& workplace, const Site& site, Operation& operation) {
  try {
    finish_scratch(workplace, site, operation);
    return judge(workplace, site, operation);
  } catch (const Error& error) {
    if (error.kind() != Kind::database || may_answer_later(workplace, site)) throw;
    return {OperationState::needs_attention,
            fmt::format("the database cannot be asked how far it came ({}); restore a backup of the site",
                        error.what()),
            fmt::format("bench --site {} list-backups, then restore one", site.name())};
  }
}

Recovered recover(const Workplace& workplace, const Site& site, Operation& operation,
                  std::vector<std::string>& notes) {
  const Judgement judgement = judge_or_ask(workplace, site, operation);
  if (judgement.outcome != OperationState::needs_attention) lift_window_of(workplace, site, operation, notes);
  if (judgement.outcome == OperationState::undone) drop_made_database(workplace, site, operation);
  for (const auto& folder : operation.record().at("backups").value("folders", nlohmann::json::array()))
    remove_interrupted_sets(folder.get<std::string>());
  clean_folder(operation, judgement.outcome);
  operation.finish(judgement.outcome, {{"recovered", judgement.told}, {"hint", judgement.hint}});
  return {Recovered::Found::interrupted,
          operation.id(),
          operation.kind(),
          judgement.outcome,
          judgement.told,
          judgement.hint};
}

std::string in_words(const Recovered& recovered) {
  return fmt::format("{} {}: {}", recovered.operation,
                     recovered.found == Recovered::Found::interrupted ? "had been interrupted"
                                                                      : "waits for a person's decision",
                     recovered.told);
}

}  // namespace

std::optional<Error> attention_needed(const RecoverReport& report) {
  for (const Recovered& recovered : report.operations)
    if (recovered.outcome == OperationState::needs_attention)
      return Error(Kind::needs_attention, in_words(recovered), recovered.hint);
  return std::nullopt;
}

RecoverReport recover_locked_site(const Workplace& workplace, const Site& site) {
  RecoverReport report;
  report.site = site.name();
  // What a kill left beside the config and the records; an edit that changes nothing only cleans.
  site.edit_config([](SiteConfig&) {});
  remove_stale_temporaries(site.operations_folder());
  std::vector<Operation> interrupted = interrupted_operations(site, Lock::held);
  // The newest first: it is the innermost of windows that stand in one another.
  for (auto operation = interrupted.rbegin(); operation != interrupted.rend(); ++operation) {
    report.operations.push_back(recover(workplace, site, *operation, report.notes));
    workplace.progress.warning(in_words(report.operations.back()));
  }
  return report;
}

namespace {

// As it was told when the operation stopped, or when a recover found it stopped.
std::string why_it_waits(const Operation& operation) {
  const nlohmann::json& result = operation.record().at("result");
  if (result.contains("recovered")) return result.at("recovered").get<std::string>();
  const nlohmann::json error =
      result.is_object() ? result.value("error", nlohmann::json()) : nlohmann::json();
  return error.is_object() ? error.value("message", "") : "the site stays in maintenance until then";
}

Recovered still_waiting(const Site& site, const Operation& operation) {
  return {Recovered::Found::waiting_for_a_person, operation.id(),          operation.kind(),
          OperationState::needs_attention,        why_it_waits(operation), next_command(site, operation)};
}

}  // namespace

std::vector<Operation> waiting_for_a_person(const Site& site) {
  std::vector<Operation> waiting = Operation::list_in_state(site, OperationState::needs_attention);
  std::erase_if(waiting, [](const Operation& operation) { return !holds_window(operation); });
  return waiting;
}

RecoverReport recover_site(const Workplace& workplace, const Site& site) {
  const FileLock lock = lock_site(site, workplace.wait, &workplace.progress);
  const std::vector<Operation> waiting = waiting_for_a_person(site);
  RecoverReport report = recover_locked_site(workplace, site);
  for (const Operation& operation : waiting) report.operations.push_back(still_waiting(site, operation));
  return report;
}

}  // namespace bench
