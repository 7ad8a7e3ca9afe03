#include "usage.hpp"

#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/suggestion.hpp"
#include "command.hpp"

namespace bench::cli {

namespace {

std::string see_help(std::string_view command) {
  return fmt::format("see bench {} --help", command);
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// "--drain-timeout" of CLI11's "--drain-timeout: 1 required DURATION missing" and "KEY is required".
std::string subject_of(const std::string& message) {
  return message.substr(0, message.find_first_of(": "));
}

Error unexpected_word(const CLI::App& app, const std::string& word, std::string_view command) {
  if (word.front() != '-' || word.size() < 2) {
    return {Kind::usage, fmt::format("{} does not take the argument '{}'", command, word), see_help(command)};
  }
  const std::string option = word.substr(0, word.find('='));
  const std::string meant = did_you_mean(option, option_names(app));
  return {Kind::usage, fmt::format("{} has no option '{}'", command, option),
          meant.empty() ? see_help(command) : meant};
}

}  // namespace

Error usage_error(const CLI::App& app, const CLI::ParseError& error, std::string_view command) {
  // An unknown option explains more than the argument that CLI11 misses because of it.
  const std::vector<std::string> unknown = app.remaining();
  for (const std::string& word : unknown) {
    if (word.size() > 1 && word.front() == '-') return unexpected_word(app, word, command);
  }
  const std::string message = error.what();
  const std::string subject = subject_of(message);
  if (error.get_name() == "RequiredError") {
    return {Kind::usage, fmt::format("{} needs {}", command, subject), see_help(command)};
  }
  if (!unknown.empty() && !unknown.front().empty()) return unexpected_word(app, unknown.front(), command);
  if (error.get_name() == "ArgumentMismatch") {
    const bool missing = message.find("missing") != std::string::npos;
    return {Kind::usage, fmt::format("{} {}", subject, missing ? "needs a value" : "is given more than once"),
            see_help(command)};
  }
  return {Kind::usage, message, see_help(command)};
}

Error unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.emplace_back(command.name);
    names.insert(names.end(), command.aliases.begin(), command.aliases.end());
  }
  const std::string meant = did_you_mean(word, names);
  return {Kind::usage, fmt::format("there is no command '{}'", word),
          meant.empty() ? "see bench --help" : meant};
}

}  // namespace bench::cli
