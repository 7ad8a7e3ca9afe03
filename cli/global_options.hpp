#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace bench::cli {

/// What every command takes, before or behind its name.
struct GlobalOptions {
  std::optional<std::string> bench;
  std::vector<std::string> sites;
  bool json = false;
  bool verbose = false;
  bool quiet = false;
  bool yes = false;
  bool no_input = false;
  bool fail_fast = false;
  bool version = false;
};

void declare_global_options(CLI::App& app, GlobalOptions& options);

/// Names of the global options, for suggestions and for telling them from a command's.
const std::vector<std::string>& global_option_names();
/// Whether the next word belongs to the option.
bool takes_value(std::string_view global_option);

}  // namespace bench::cli
