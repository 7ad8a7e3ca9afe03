#include "workflow/core_app.hpp"

#include "base/error.hpp"
#include "migration/plan.hpp"
#include "migration/runner.hpp"

namespace bench {

void apply_core(const Workplace& workplace, Database& database, const std::string& operation) {
  std::vector<Patch> patches = read_patches(workplace.apps.get("core"), database.dialect());
  const PatchLog log = read_patch_log(database);
  const MigrationPlan plan(patches, log);
  if (plan.pending().empty()) return;
  read_pending_statements(patches, plan, database.dialect());
  SilentProgress silent;
  RunOptions options;
  options.operation = operation;
  const MigrationReport report = MigrationRunner(database, silent, std::move(options)).run(plan.pending());
  if (report.failure) throw Error(*report.failure);
}

}  // namespace bench
