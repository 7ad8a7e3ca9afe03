#include "migration/plan.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace bench {

namespace {

PatchState state_of(const Patch& patch, const LogEntry* entry) {
  if (entry == nullptr) return PatchState::pending;
  if (entry->skipped) return PatchState::skipped;
  const bool has_changed =
      !entry->checksum.empty() && !patch.checksum.empty() && entry->checksum != patch.checksum;
  return has_changed ? PatchState::drifted : PatchState::applied;
}

}  // namespace

std::string_view name(PatchState state) {
  switch (state) {
    case PatchState::applied:
      return "applied";
    case PatchState::pending:
      return "pending";
    case PatchState::skipped:
      return "skipped";
    case PatchState::drifted:
      return "drifted";
  }
  return "";
}

MigrationPlan::MigrationPlan(const std::vector<Patch>& patches, const PatchLog& log) {
  // Frappe runs a patch again when its line is written anew below the old one; only the last line of a file
  // tells what the file must have been.
  std::set<std::string_view> later_files;
  for (auto patch = patches.rbegin(); patch != patches.rend(); ++patch) {
    const auto entry = log.find(patch->log_key);
    const LogEntry* found = entry == log.end() ? nullptr : &entry->second;
    PatchState state = state_of(*patch, found);
    const bool is_last_of_file = patch->file.empty() || later_files.insert(patch->file).second;
    if (state == PatchState::drifted && !is_last_of_file) state = PatchState::applied;
    m_all.push_back({&*patch, state, found});
  }
  std::reverse(m_all.begin(), m_all.end());
  for (const PlannedPatch& planned : m_all) {
    if (planned.state == PatchState::pending || planned.state == PatchState::skipped)
      m_pending.push_back(planned.patch);
    if (planned.state == PatchState::drifted) m_drifted.push_back(planned.patch);
  }
}

void read_pending_statements(std::vector<Patch>& patches, const MigrationPlan& plan, Dialect dialect) {
  for (std::size_t i = 0; i < patches.size(); ++i)
    if (const PatchState state = plan.all()[i].state;
        state == PatchState::pending || state == PatchState::skipped)
      read_statements(patches[i], dialect);
}

std::vector<Patch> in_run_order(std::vector<std::vector<Patch>> patches_by_app) {
  std::size_t count = 0;
  for (const std::vector<Patch>& patches : patches_by_app) count += patches.size();
  std::vector<Patch> ordered;
  ordered.reserve(count);
  for (const Phase phase : std::array{Phase::pre_model_sync, Phase::post_model_sync, Phase::finally})
    for (std::vector<Patch>& patches : patches_by_app)
      for (Patch& patch : patches)
        if (patch.phase == phase) ordered.push_back(std::move(patch));
  return ordered;
}

}  // namespace bench
