#include "workflow/put_back.hpp"

#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"

namespace bench {

namespace {

std::optional<std::string> before_set(const Operation& operation) {
  const nlohmann::json& backups = operation.record().at("backups");
  if (!backups.contains("before")) return std::nullopt;
  return backups.at("before").get<std::string>();
}

}  // namespace

void note_for_put_back(Operation& operation, FenceLevel fence, OnFailure on_failure) {
  operation.update([&](nlohmann::json& record) {
    record["fence"] = name(fence);
    record["keep_failed"] = on_failure == OnFailure::keep;
  });
}

// Where the fence is a connection, it falls for a moment with each commit: what was committed there may have
// been followed by a write of the app.
std::optional<std::string> why_not_put_back(const Site& site, const Operation& operation) {
  const nlohmann::json& record = operation.record();
  if (record.value("keep_failed", false)) return "--on-failure keep was given";
  if (!before_set(operation)) return "no backup was taken before it";
  const bool is_enforced =
      record.value("fence", "") != name(FenceLevel::not_enforced) && record.contains("fence");
  if (!is_enforced || backend_of(site).features.fence_life != Features::FenceLife::durable)
    return "what the app wrote meanwhile may have been acknowledged";
  return std::nullopt;
}

void put_back(const Workplace& workplace, const Site& site, Operation& operation, Database& run_connection) {
  workplace.progress.phase("restoring the backup taken before the change");
  operation.step("put-back");
  const BackupSet set = open_verified_set(workplace, site, before_set(operation).value());
  const auto scratch = make_scratch(workplace, site, operation, set.manifest().db_type);
  drill_set(set, *scratch, workplace.progress);
  scratch->check();
  pause_point("put-back.proven");
  scratch->swap_in(run_connection, [] {});
  pause_point("put-back.swapped");
}

}  // namespace bench
