#include "workflow/put_back.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/migrate_site.hpp"

namespace bench {

namespace {

std::optional<std::string> before_set(const Operation& operation) {
  const nlohmann::json& backups = operation.record().at("backups");
  if (!backups.contains("before")) return std::nullopt;
  return backups.at("before").get<std::string>();
}

[[noreturn]] void refuse(const Site& site, const Operation& operation, std::string_view tense,
                         const std::vector<std::string>& ways) {
  throw Error(Kind::needs_attention,
              fmt::format("others {}, and what they wrote may have been acknowledged ({})", tense,
                          fmt::join(ways, "; ")),
              fmt::format("look at what was written, then {}", put_back_hint(site, operation)));
}

// That the fence stands now does not tell what somebody did who gave rights and took them again; nor does the
// database. But it tells of all that was left open.
void refuse_what_others_wrote(const Workplace& workplace, const Site& site, const Operation& operation) {
  // A record of an older bench has only the gaps, or does not tell.
  const nlohmann::json& record = operation.record();
  const std::vector<std::string> unknown{"the record does not tell who"};
  const auto then = record.value("ways_to_write", record.value("gaps", unknown));
  if (!then.empty()) refuse(site, operation, "could write when the window was entered", then);
  const auto now = fence_of(workplace, site)->ways_to_write();
  if (!now.empty()) refuse(site, operation, "can write now", now);
}

}  // namespace

// Where the fence is a connection, it falls for a moment with each commit: what was committed there may have
// been followed by a write of the app.
std::optional<std::string> why_not_put_back(const Site& site, const Operation& operation) {
  const nlohmann::json& record = operation.record();
  if (record.value("keep_failed", false)) return "--on-failure keep was given, or a person went on with it";
  if (!before_set(operation)) return "no backup was taken before it";
  const bool is_enforced =
      record.value("fence", "") != name(FenceLevel::not_enforced) && record.contains("fence");
  if (!is_enforced || backend_of(site).features.fence_life != Features::FenceLife::durable)
    return "what the app wrote meanwhile may have been acknowledged";
  return std::nullopt;
}

std::string put_back_hint(const Site& site, const Operation& operation) {
  if (!has_patches(operation)) return fmt::format("bench --site {} recover --restore", site.name());
  return fmt::format(
      "bench --site {} recover --restore, which takes it back, or mend what failed and recover --resume",
      site.name());
}

namespace {

// What a person has given up may be missed all the same.
void keep_what_was_there(const Workplace& workplace, const Site& site, Operation& operation) {
  workplace.progress.phase("keeping what was there");
  try {
    const BackupSet set = take_backup(workplace, site, operation, operation.folder(), SameMoment::no);
    operation.update([&set](nlohmann::json& record) {
      record["backups"]["replaced"].push_back(set.manifest_file().string());
    });
  } catch (const Error& error) {
    throw_if_interrupted();
    // What cannot be read any more is just what is to be replaced. A full disk is another matter.
    const bool is_unreadable = error.kind() == Kind::database || error.kind() == Kind::statement;
    if (!is_unreadable) throw error.with_context("what is there cannot be kept, so nothing was restored");
    workplace.progress.warning(fmt::format("what was there could not be kept: {}", error.what()));
  }
  pause_point("put-back.kept");
  workplace.progress.phase("swapping the backup in");
}

std::vector<std::string> what_is_lost(const Site& site, const Operation& operation, Scratch& scratch,
                                      OthersWrites others_writes) {
  std::vector<std::string> lacking;
  for (const std::string& what : scratch.lacking())
    lacking.push_back(fmt::format("the backup does not bring back all that was there: {}", what));
  if (!lacking.empty() && others_writes == OthersWrites::must_be_none)
    throw Error(Kind::needs_attention, lacking.front(), put_back_hint(site, operation));
  return lacking;
}

}  // namespace

std::vector<std::string> put_back(const Workplace& workplace, const Site& site, Operation& operation,
                                  Database& run_connection, OthersWrites others_writes) {
  const auto prove = [&] {
    if (others_writes == OthersWrites::must_be_none) refuse_what_others_wrote(workplace, site, operation);
  };
  prove();
  workplace.progress.phase("restoring the backup taken before the change");
  operation.step("put-back");
  const BackupSet set = open_verified_set(workplace, site, before_set(operation).value());
  const auto scratch = make_scratch(workplace, site, operation, set.manifest().db_type);
  drill_set(set, *scratch, workplace.progress);
  scratch->check();
  std::vector<std::string> lost = what_is_lost(site, operation, *scratch, others_writes);
  pause_point("put-back.proven");
  prove();
  scratch->swap_in(
      run_connection,
      [&] {
        if (others_writes == OthersWrites::given_up) keep_what_was_there(workplace, site, operation);
      },
      &workplace.progress);
  pause_point("put-back.swapped");
  for (std::string& what : put_rights_back(workplace, site, operation)) lost.push_back(std::move(what));
  pause_point("put-back.rights-restored");
  return lost;
}

std::vector<std::string> put_rights_back(const Workplace& workplace, const Site& site,
                                         const Operation& operation) {
  if (const auto saved = saved_fence(operation)) return fence_of(workplace, site)->restore_rights(*saved);
  return {
      "who owned what and had which rights is not known any more, because the list that the fence saved is "
      "gone"};
}

std::string as_it_was(const std::vector<std::string>& but_for) {
  return fmt::format("the site is as it was{}{}",
                     but_for.empty() ? "" : ", but for this: ", fmt::join(but_for, "; "));
}

}  // namespace bench
