#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace bench {

/// How well the database refuses the app's writes; in every result.
enum class FenceLevel { database, database_with_gaps, not_enforced };
std::string_view name(FenceLevel level);
/// The level of that name; not_enforced when there is none.
FenceLevel fence_level(std::string_view name);

struct FenceOptions {
  /// How long transactions in flight may take to end before the fence gives up (or ends them).
  std::chrono::milliseconds drain_timeout{60'000};
  enum class Writers { wait_for, end } writers = Writers::wait_for;
};

struct FenceReport {
  FenceLevel level = FenceLevel::not_enforced;
  std::vector<std::string> gaps;  ///< each way that is known to stay open, in a sentence
  std::chrono::milliseconds drain{0};
  int ended_sessions = 0;
};

/// Makes the database refuse the writes of the app account, for one site, and opens it again.
class Fence {
 public:
  virtual ~Fence() = default;

  /// Fences, drains and proves. Before each change it hands the change's inverse to `save`, which returns
  /// once that is durable. Error{busy} names the writers that did not end in time; then, and after
  /// Error{interrupted}, nothing is left changed.
  virtual FenceReport enter(const FenceOptions& options,
                            const std::function<void(const nlohmann::json&)>& save) = 0;

  /// Whether a write of somebody else was committed since `enter`: possible only where the fence is a
  /// transaction that the run's own commit ends for a moment.
  virtual bool slipped_in() = 0;

  /// Undoes what `enter` changed; `saved` is the list of inverses in the order they were saved. Needs nothing
  /// else, works from another process, and may be called again after it was cut off. Answers what could not
  /// be put back, in sentences.
  virtual std::vector<std::string> lift(const nlohmann::json& saved) = 0;
};

}  // namespace bench
