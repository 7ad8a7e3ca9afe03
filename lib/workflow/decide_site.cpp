#include "workflow/decide_site.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "operation/interruption.hpp"
#include "operation/site_lock.hpp"
#include "workflow/doubt.hpp"
#include "workflow/hooks.hpp"
#include "workflow/put_back.hpp"

namespace bench {

namespace {

Operation operation_for_a_person(const Site& site) {
  std::vector<Operation> waiting = waiting_for_a_person(site);
  if (waiting.empty())
    throw Error(Kind::usage, fmt::format("{}: no operation waits for a person's decision", site.name()),
                fmt::format("bench --site {} operations", site.name()));
  return waiting.back();
}

void refuse_what_is_no_migrate(const Site& site, const Operation& operation) {
  if (operation.record().contains("replaced_by"))
    throw Error(
        Kind::usage,
        fmt::format("{} stopped half-way in a database that a restore has replaced since", operation.id()),
        lift_hint(site));
  if (has_patches(operation)) return;
  throw Error(Kind::usage, fmt::format("{} has no patches to go on with", operation.id()),
              "give --restore, or look at the site and lift maintenance");
}

// Somebody lifted maintenance all the same.
bool was_opened_half_done(Database& connection) {
  Journal journal(connection, {});
  return journal.in_doubt() || !journal.stopped().empty();
}

// Answers whether there was any doubt to end.
bool settle_doubt(const Workplace& workplace, const Site& site, Doubt doubt) {
  const auto connection = connect_for_changes(workplace, site);
  const auto statement = find_doubt(workplace, site, *connection);
  if (!statement) return false;
  if (doubt == Doubt::took_effect && !statement->took_effect.value_or(true))
    throw Error(Kind::usage, statement->told, fmt::format("bench --site {} recover --resume", site.name()));
  const bool is_finished = doubt == Doubt::took_effect || statement->took_effect.value_or(false);
  const auto& [patch, position] = statement->place;
  Journal journal(*connection, {});
  is_finished ? journal.finish(patch, position) : journal.take_back(patch, position);
  return true;
}

// A person who takes a failed statement for one in doubt would have the rest run without it.
void refuse_without_doubt(const Site& site, std::string_view what) {
  throw Error(Kind::usage,
              fmt::format("{}: no statement of it is in doubt: one that failed did not run to its end", what),
              fmt::format("mend what failed, then bench --site {} recover --resume", site.name()));
}

}  // namespace

void refuse_what_is_not_settled(const Site& site) {
  if (const auto interrupted = interrupted_operations(site, Lock::not_held); !interrupted.empty())
    throw Error(Kind::needs_attention, fmt::format("{} was interrupted", interrupted.front().id()),
                fmt::format("bench --site {} recover", site.name()));
  for (const Operation& operation : waiting_for_a_person(site))
    throw Error(Kind::needs_attention,
                fmt::format("{} stopped half-way and waits for a person", operation.id()),
                next_command(site, operation));
  if (was_opened_half_done(*connect(site, Access::read_only)))
    throw Error(Kind::needs_attention, "a migrate that stopped half-way was not finished",
                fmt::format("bench --site {} recover --resume", site.name()));
}

RecoverReport restore_before(const Workplace& workplace, const Site& site) {
  const FileLock lock = lock_site(site, workplace.wait, &workplace.progress);
  RecoverReport report = recover_locked_site(workplace, site);
  Operation operation = operation_for_a_person(site);
  const auto connection = connect_for_changes(workplace, site);
  if (!operation.record().at("backups").contains("before"))
    throw Error(Kind::bad_backup, fmt::format("{} took no backup before it", operation.id()),
                fmt::format("bench --site {} list-backups, then restore one", site.name()));
  const nlohmann::json why_it_waited = operation.record().at("result");
  operation.resume();
  std::vector<std::string> changed;
  try {
    finish_scratch(workplace, site, operation);
    changed = put_back(workplace, site, operation, *connection, OthersWrites::given_up);
  } catch (...) {
    const Uninterrupted undoing;
    // Where a swap cannot be brought to its end now, the record stays running, and the next command does
    // that.
    finish_scratch(workplace, site, operation);
    // Another way out may be open still: it waits for a person as before.
    operation.finish(OperationState::needs_attention, why_it_waited);
    throw;
  }
  lift_window_of(workplace, site, operation, report.notes);
  forget_printed(operation);
  const nlohmann::json& backups = operation.record().at("backups");
  const std::string told =
      fmt::format("the backup taken before it was restored; {}{}", as_it_was(changed),
                  backups.contains("replaced")
                      ? fmt::format("; what was there is kept: {}",
                                    fmt::join(backups.at("replaced").get<std::vector<std::string>>(), ", "))
                      : "");
  operation.finish(OperationState::undone, {{"recovered", told}});
  report.operations.push_back({Recovered::Found::waiting_for_a_person,
                               operation.id(),
                               operation.kind(),
                               OperationState::undone,
                               told,
                               {}});
  return report;
}

MigrateReport resume_site(const Workplace& workplace, const Site& site, Doubt doubt) {
  const FileLock lock = lock_site(site, workplace.wait, &workplace.progress);
  recover_locked_site(workplace, site);
  if (waiting_for_a_person(site).empty() && was_opened_half_done(*connect_for_changes(workplace, site))) {
    if (!settle_doubt(workplace, site, doubt) && doubt == Doubt::took_effect)
      refuse_without_doubt(site, site.name());
    MigrateOptions options;
    options.in_doubt = RunOptions::InDoubt::run_again;
    options.opened = MigrateOptions::Opened::go_on;
    return migrate_locked_site(workplace, site, options, lock);
  }
  Operation operation = operation_for_a_person(site);
  refuse_what_is_no_migrate(site, operation);
  if (doubt == Doubt::took_effect && !settle_doubt(workplace, site, doubt))
    refuse_without_doubt(site, operation.id());
  return resume_migrate(workplace, site, operation, lock, RunOptions::InDoubt::run_again);
}

}  // namespace bench
