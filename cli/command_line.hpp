#pragma once

#include <string>
#include <vector>

#include "output.hpp"

namespace bench::cli {

/// The words of a command line, before any option has a meaning but the global ones.
struct CommandLine {
  std::string command;               ///< empty: none was given
  std::vector<std::string> options;  ///< what stands before and behind the command, in order
  std::vector<std::string> tail;     ///< what stands behind the first `--`
  bool has_tail = false;
};

/// Finds the command: the first word that is neither an option nor a global option's value. Error{usage} for
/// an option before the command that takes a value and is not global, so that its value is not taken for the
/// command.
CommandLine split_command_line(const std::vector<std::string>& arguments);

/// --json anywhere before `--`, so that even a command line that cannot be read is answered in the format
/// asked for.
Format requested_format(const std::vector<std::string>& arguments);

}  // namespace bench::cli
