#include "workflow/result.hpp"

#include <nlohmann/json.hpp>

namespace bench {

namespace {

nlohmann::json path_or_null(const std::optional<std::filesystem::path>& path) {
  return path ? nlohmann::json(path->string()) : nlohmann::json(nullptr);
}

}  // namespace

nlohmann::json to_json(const Error& error) {
  return {{"kind", name(error.kind())}, {"message", error.what()}, {"hint", error.hint()}};
}

nlohmann::json to_json(const WindowReport& window) {
  return {{"fence", name(window.fence.level)},
          {"gaps", window.fence.gaps},
          {"duration_ms", window.duration.count()},
          {"drain_ms", window.fence.drain.count()},
          {"ended_sessions", window.fence.ended_sessions},
          {"slipped_in", window.slipped_in}};
}

void end_undone(Operation& operation, const std::exception& failure) {
  if (!holds_window(operation))
    operation.finish(OperationState::undone, {{"error", to_json(to_error(failure))}});
}

nlohmann::json result_record(const MigrateReport& report) {
  nlohmann::json patches = nlohmann::json::array();
  for (const PatchResult& patch : report.patches)
    patches.push_back({{"app", patch.app},
                       {"patch", patch.patch},
                       {"phase", name(patch.phase)},
                       {"state", name(patch.state)},
                       {"duration_ms", patch.duration.count()}});
  return {
      {"site", report.site},
      {"operation", report.operation.empty() ? nlohmann::json(nullptr) : nlohmann::json(report.operation)},
      {"result", name(report.result)},
      {"patches", patches},
      {"window", report.window ? to_json(*report.window) : nlohmann::json(nullptr)},
      {"backups", {{"before", path_or_null(report.before)}, {"after", path_or_null(report.after)}}},
      {"notes", report.notes},
      {"error", report.error ? to_json(*report.error) : nlohmann::json(nullptr)}};
}

}  // namespace bench
