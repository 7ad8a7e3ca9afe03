#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/progress.hpp"

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
  Progress* progress = nullptr;  ///< told whom the fence waits for
};

struct FenceReport {
  FenceLevel level = FenceLevel::not_enforced;
  std::vector<std::string> gaps;  ///< each way that is known to stay open, in a sentence
  /// Those of the gaps through which somebody may be told that a write is safe: a backup that was taken
  /// before it must not be restored over it without a person's word.
  std::vector<std::string> ways_to_write;
  std::chrono::milliseconds drain{0};
  int ended_sessions = 0;
};

/// How long a connection may have rested that is used again: on one that rests for longer a network may have
/// given up without a word.
inline constexpr std::chrono::seconds longest_rest{20};

/// Makes the database refuse the writes of the app account, for one site, and opens it again.
class Fence {
 public:
  virtual ~Fence() = default;

  /// What stands against a window on this database, each a sentence; Error when there cannot be one. It needs
  /// the run connection.
  virtual std::vector<std::string> preflight() = 0;

  /// Right before the window begins: opens and looks at what `enter` needs, which is then as short as can be.
  /// Changes nothing. Error as `enter` has it. An `enter` that nobody prepared prepares itself.
  virtual void prepare() {}

  /// Fences, drains and proves. Before each change it hands the change's inverse to `save`, which returns
  /// once that is durable. Error{busy} names the writers that did not end in time; then, and after
  /// Error{interrupted}, nothing is left changed.
  virtual FenceReport enter(const FenceOptions& options,
                            const std::function<void(const nlohmann::json&)>& save) = 0;

  /// Whether a write of somebody else was committed since `enter`: possible only where the fence is a
  /// transaction that the run's own commit ends for a moment.
  virtual bool slipped_in() = 0;

  /// By which ways somebody can write although the fence is said to stand, a sentence each, asked of the
  /// database anew and from any process: what the app account may after all, and what
  /// FenceReport::ways_to_write tells. Empty: the fence stands, and holds everybody.
  virtual std::vector<std::string> ways_to_write() = 0;

  /// Undoes what `enter` changed; `saved` is the list of inverses in the order they were saved. Needs nothing
  /// else, works from another process, and may be called again after it was cut off. Answers what could not
  /// be put back, in sentences.
  virtual std::vector<std::string> lift(const nlohmann::json& saved) = 0;

  /// After a restore over what a run left: all have the rights again, and own again what they owned, as when
  /// `enter` had taken the app's rights (`saved` as for `lift`, which comes afterwards). Rights on tables go
  /// by name on MariaDB: what the run itself granted and revoked of them stays. May be called again. Answers
  /// what could not be put back, in sentences.
  virtual std::vector<std::string> restore_rights(const nlohmann::json& /*saved*/) { return {}; }

  /// For a fence whose `saved` is lost: which usual rights of an app account (Backend::create_database) it
  /// lacks, in words, when it has none left to write with. nullopt when it has some, and where nobody can
  /// tell.
  virtual std::optional<std::string> lost_rights() { return std::nullopt; }
  /// Gives it those.
  virtual void give_usual_rights() {}
};

}  // namespace bench
