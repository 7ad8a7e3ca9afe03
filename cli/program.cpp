#include "program.hpp"

#include <algorithm>
#include <csignal>
#include <new>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/json.hpp"
#include "base/version.hpp"
#include "command.hpp"
#include "command_line.hpp"
#include "config/site_config.hpp"
#include "context.hpp"
#include "help.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"
#include "usage.hpp"

namespace bench::cli {

namespace {

/// What is told when all is done: one JSON document, and one exit code.
struct Ending {
  std::vector<std::string> results;
  std::optional<Error> error;
  int exit_code = 0;
};

std::string envelope(const Ending& ending) {
  return fmt::format(R"({{"ok": {}, "results": [{}], "error": {}}})", !ending.error,
                     fmt::join(ending.results, ", "), json_text(to_json(ending.error)));
}

Error bug(const std::exception& exception) {
  return {Kind::unexpected, fmt::format("{}; this is a bug", exception.what()),
          "report it with the command line, this message, the output of bench --version and the site's "
          "logs/bench.log"};
}

/// The exception in flight as an Error: only what bench threw, or the system refused, is not a bug.
Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {Kind::unexpected, "not enough memory", "free some memory and try again"};
  } catch (const std::system_error& error) {
    return {Kind::unexpected, error.what()};
  } catch (const std::exception& exception) {
    return bug(exception);
  }
}

Verbosity verbosity_of(const GlobalOptions& options) {
  if (options.quiet && options.verbose)
    throw Error(Kind::usage, "--quiet and --verbose exclude each other", "give one of them");
  if (options.quiet) return Verbosity::quiet;
  return options.verbose ? Verbosity::verbose : Verbosity::normal;
}

/// CLI11 takes the next word for the value of `--site=`.
void push_word(std::vector<std::string>& words, const std::string& word) {
  if (word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1) {
    words.push_back(word.substr(0, word.size() - 1));
    words.emplace_back();
  } else {
    words.push_back(word);
  }
}

/// In the reversed order that CLI11 wants.
std::vector<std::string> words_for(const CommandLine& line, Tail tail) {
  std::vector<std::string> words;
  for (const std::string& word : line.options) push_word(words, word);
  if (line.has_tail && tail == Tail::arguments) {
    words.emplace_back("--");
    words.insert(words.end(), line.tail.begin(), line.tail.end());
  }
  return {words.rbegin(), words.rend()};
}

/// nullopt when the options ask for the command's help instead.
std::optional<std::string> parse_or_help(CLI::App& app, const CommandLine& line, const Command& command) {
  try {
    app.parse(words_for(line, command.tail));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error, command.name);
  }
}

Ending tell(Printer& printer, const char* member, const std::string& text, const std::string& line) {
  printer.data(line);
  return {{Json::object({{member, text}}).dump()}, std::nullopt, 0};
}

Ending tell_version(Printer& printer) {
  return tell(printer, "version", std::string(version()), fmt::format("bench {}\n", version()));
}

Ending run_command(const CommandLine& line, const Command& command, Printer& printer) {
  GlobalOptions options;
  CLI::App app{std::string(command.summary), std::string(command.name)};
  app.formatter(help_formatter());
  app.set_help_flag("-h,--help", "this help")->group("global options");
  const Run run = command.declare(app);
  RootOptions root;
  if (command.runs == Runs::operation) add_root_options(app, root);
  declare_global_options(app, options);
  if (const auto help = parse_or_help(app, line, command)) return tell(printer, "help", *help, *help);
  if (options.version) return tell_version(printer);
  printer.set_verbosity(verbosity_of(options));

  std::optional<InterruptionHandler> interruption;
  if (command.runs == Runs::operation) interruption.emplace();
  warn_of_exposed(printer, "--db-root-password", root.password);
  Context context(command, options, printer, root,
                  command.tail == Tail::foreign_command ? line.tail : std::vector<std::string>());
  try {
    run(context);
  } catch (...) {
    // What was done before it failed is still told.
    const Error error = current_error();
    context.end_progress(error);
    printer.error(error);
    return {context.results(), error, exit_code(error.kind())};
  }
  return {context.results(), context.error(), context.exit_code()};
}

/// Without a command only the global options mean something.
Ending run_without_command(const CommandLine& line, Printer& printer) {
  GlobalOptions options;
  CLI::App app;
  app.set_help_flag("-h,--help");
  declare_global_options(app, options);
  try {
    app.parse(words_for(line, Tail::arguments));
  } catch (const CLI::CallForHelp&) {
    return tell(printer, "help", overview(), overview());
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error, "");
  }
  if (options.version) return tell_version(printer);
  throw Error(Kind::usage, "no command is given", "see bench --help");
}

Ending run_line(const std::vector<std::string>& arguments, Printer& printer) {
  CommandLine line = split_command_line(arguments);
  if (line.command == "help") {
    const auto word = std::find_if(line.options.begin(), line.options.end(),
                                   [](const std::string& w) { return !w.starts_with('-'); });
    line.command = word == line.options.end() ? "" : *word;
    if (word != line.options.end()) line.options.erase(word);
    line.options.emplace_back("--help");
  }
  if (line.command.empty()) return run_without_command(line, printer);
  const Command* command = find_command(line.command);
  if (command == nullptr) throw unknown_command(line.command);
  return run_command(line, *command, printer);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  // A reader that goes away (`bench ... | head`) must not kill an operation half-way.
  std::signal(SIGPIPE, SIG_IGN);
  edit_config_pause = [](std::string_view point) { pause_point(point); };
  Printer printer(requested_format(arguments));
  Ending ending;
  try {
    ending = run_line(arguments, printer);
  } catch (...) {
    ending.error = current_error();
    printer.error(*ending.error);
    ending.exit_code = exit_code(ending.error->kind());
  }
  if (printer.format() == Format::json) printer.document(envelope(ending));
  if (const auto error = printer.output_error()) {
    printer.error(*error);
    if (ending.exit_code == 0) return exit_code(error->kind());
  }
  return ending.exit_code;
}

}  // namespace bench::cli
