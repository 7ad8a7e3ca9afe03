#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "database/fence.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bench::cli {

/// What a command's help begins with, each a whole command line.
void examples(CLI::App& app, std::initializer_list<const char*> lines);

CLI::Option* add_flag(CLI::App& app, const std::string& names, bool& target, const std::string& description);
/// An option, or with a name without dashes an argument, that takes one text.
CLI::Option* add_text(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                      const std::string& description, const std::string& type_name = "TEXT");
/// An option whose value may be left out: then the target is empty, but not null.
CLI::Option* add_optional_text(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                               const std::string& description, const std::string& type_name);
/// An argument that must be given.
CLI::Option* add_argument(CLI::App& app, const std::string& name, std::string& target,
                          const std::string& description);
/// As many as are given, one at least.
CLI::Option* add_arguments(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                           const std::string& description, std::optional<int> most = std::nullopt);
/// May be repeated; each takes one value, as it stands.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                      const std::string& description, const std::string& type_name = "TEXT");
/// Error{usage} with a suggestion for a value that is none of the choices. `target` keeps its value when not
/// given; an argument must be.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& target,
                        const std::vector<std::string>& choices, const std::string& description);
CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::optional<std::chrono::milliseconds>& target, const std::string& description);
CLI::Option* add_integer(CLI::App& app, const std::string& name, std::optional<std::int64_t>& target,
                         std::int64_t least, std::int64_t most, const std::string& description);

/// How the help gathers them.
void in_group(const std::string& title, std::initializer_list<CLI::Option*> options);
void only_with(CLI::Option* needed, CLI::Option* option);
void never_with(CLI::Option* other, CLI::Option* option);

/// "a,b" and repeated options alike, as Frappe takes lists.
std::vector<std::string> split_at_commas(const std::vector<std::string>& values);

/// How a command's window is entered.
struct FenceFlags {
  std::optional<std::chrono::milliseconds> drain_timeout;
  bool end_writers = false;
  FenceOptions options() const;
};
void add_fence_options(CLI::App& app, FenceFlags& flags);

/// How patches are run, and what becomes of a run that fails: `on_failure` is "undo" or "keep".
void add_patch_run_options(CLI::App& app, std::string& on_failure,
                           std::optional<std::chrono::milliseconds>& lock_timeout);

void add_wait_option(CLI::App& app, std::optional<std::chrono::milliseconds>& wait,
                     const std::string& else_what);

}  // namespace bench::cli
