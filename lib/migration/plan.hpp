#pragma once

#include <string>
#include <vector>

#include "migration/patch.hpp"
#include "migration/patch_log.hpp"

namespace bench {

enum class PatchState { applied, pending, skipped, drifted };
std::string_view name(PatchState state);

struct PlannedPatch {
  const Patch* patch;
  PatchState state;
  const LogEntry* entry;  ///< nullptr: not logged
};

/// What a run would do: a pure function of patches, log and choice. The patches and the log must outlive it.
class MigrationPlan {
 public:
  MigrationPlan(const std::vector<Patch>& patches, const PatchLog& log);

  /// Every patch with its state, in order: all apps' pre_model_sync patches app by app, then post_model_sync,
  /// then finally.
  const std::vector<PlannedPatch>& all() const { return m_all; }
  /// Those to run, in order.
  const std::vector<const Patch*>& pending() const { return m_pending; }
  /// Applied under another checksum. Only the last of several lines that name the same file counts.
  const std::vector<const Patch*>& drifted() const { return m_drifted; }

 private:
  std::vector<PlannedPatch> m_all;
  std::vector<const Patch*> m_pending;
  std::vector<const Patch*> m_drifted;
};

/// Reads the statements of those patches that the plan, made of the same ones, has as pending.
void read_pending_statements(std::vector<Patch>& patches, const MigrationPlan& plan, Dialect dialect);

/// Orders the patches of several apps (each in its own order) as Frappe does: see MigrationPlan::all.
std::vector<Patch> in_run_order(std::vector<std::vector<Patch>> patches_by_app);

}  // namespace bench
