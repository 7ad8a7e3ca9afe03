#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace bench::cli {

class Context;

/// What a command does once its options are read. What fails is thrown, or is in an Outcome that the context
/// was given.
using Run = std::function<void(Context&)>;

enum class Group { sites, migration, backups, configuration, maintenance, web };
std::string_view name(Group group);

/// Whether the command takes the site's operation lock: then Ctrl-C undoes, and what was interrupted is
/// recovered by the command itself.
enum class Runs { reading, operation };

/// What the words behind `--` are: arguments of the command itself, or a foreign command line that nobody may
/// touch.
enum class Tail { arguments, foreign_command };

struct Command {
  std::string_view name;
  Group group;
  Runs runs;
  std::string_view summary;
  /// Declares the command's options, and answers what runs once they are parsed.
  Run (*declare)(CLI::App&);
  Tail tail = Tail::arguments;
  std::vector<std::string_view> aliases = {};  ///< other names for it, such as Frappe's
};

/// THE command table, in the order of `bench --help`.
const std::vector<Command>& commands();
/// By name or alias; nullptr when there is none.
const Command* find_command(std::string_view name);

}  // namespace bench::cli
