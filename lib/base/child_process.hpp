#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What to run, and how. No shell is involved.
struct ChildCommand {
  /// argv[0] is looked up in PATH, or is a path when it has a slash (a relative one starts at our working
  /// folder).
  std::vector<std::string> argv;
  std::filesystem::path folder;  ///< working folder; empty: ours
  /// Added to (or replacing in) our environment. Never a secret, but for what a documented contract demands.
  std::map<std::string, std::string> environment;
  std::vector<int>
      inherited;  ///< descriptors the child keeps, under the same numbers; all others are closed on exec
  std::optional<std::chrono::milliseconds> timeout;  ///< then SIGTERM, and SIGKILL 5 s later
  enum class Output { inherit, capture } output = Output::capture;
  /// With capture: called with each piece of output as it arrives (stderr and stdout).
  std::function<void(std::string_view)> on_stdout;
  std::function<void(std::string_view)> on_stderr;
  /// Asked every 50 ms; true ends the child as the timeout does.
  std::function<bool()> should_stop;
};

struct ChildResult {
  int exit_code = 0;  ///< as a shell tells it: 128 + signal when a signal ended it
  bool timed_out = false;
  bool stopped = false;     ///< `should_stop` said so
  std::string stdout_text;  ///< with capture and no `on_stdout`
  std::string stderr_text;  ///< with capture and no `on_stderr`
  bool succeeded() const { return exit_code == 0 && !timed_out && !stopped; }
};

/// Runs it to its end, in a process group of its own, with default signal dispositions. A process that it
/// leaves behind is not waited for, and is ended only with a child that was timed out or stopped. stdin is
/// /dev/null with capture, and also instead of a terminal, from which a process group in the background
/// cannot read. Error{configuration} when it cannot be started.
ChildResult run_child(const ChildCommand& command);

}  // namespace bench
