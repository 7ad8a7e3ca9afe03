#include "options.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/suggestion.hpp"
#include "base/time.hpp"

namespace bench::cli {

void examples(CLI::App& app, std::initializer_list<const char*> lines) {
  std::string text = "examples:\n";
  for (const char* line : lines) text += fmt::format("  {}\n", line);
  app.footer(text);
}

CLI::Option* add_flag(CLI::App& app, const std::string& names, bool& target, const std::string& description) {
  return app.add_flag(names, target, description);
}

CLI::Option* add_text(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                      const std::string& description, const std::string& type_name) {
  return app
      .add_option_function<std::string>(
          name, [&target](const std::string& value) { target = value; }, description)
      ->type_name(type_name);
}

CLI::Option* add_optional_text(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                               const std::string& description, const std::string& type_name) {
  return add_text(app, name, target, description, fmt::format("[{}]", type_name))->expected(0, 1);
}

CLI::Option* add_argument(CLI::App& app, const std::string& name, std::string& target,
                          const std::string& description) {
  return app.add_option(name, target, description)->required()->type_name("");
}

CLI::Option* add_arguments(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                           const std::string& description, std::optional<int> most) {
  CLI::Option* option = app.add_option(name, target, description)->required()->type_name("");
  return most ? option->expected(1, *most) : option;
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                      const std::string& description, const std::string& type_name) {
  // Without this CLI11 reads `[ab]` as a list, and takes the words that follow as further values.
  return app.add_option(name, target, description)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->type_name(type_name);
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& target,
                        const std::vector<std::string>& choices, const std::string& description) {
  const auto check = [&target, choices, name](const std::string& value) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      const std::string meant = did_you_mean(value, choices);
      throw Error(Kind::usage, fmt::format("{}: '{}' is none of {}", name, value, fmt::join(choices, ", ")),
                  meant.empty() ? fmt::format("use one of {}", fmt::join(choices, ", ")) : meant);
    }
    target = value;
  };
  const bool is_argument = name.front() != '-';
  return app.add_option_function<std::string>(name, check, description)
      ->required(is_argument)
      ->type_name(is_argument ? "" : fmt::format("{}", fmt::join(choices, "|")));
}

CLI::Option* add_duration(CLI::App& app, const std::string& name,
                          std::optional<std::chrono::milliseconds>& target, const std::string& description) {
  const auto read = [&target, name](const std::string& value) {
    target = parse_duration(value);
    if (!target) {
      throw Error(Kind::usage, fmt::format("{}: '{}' is not a duration", name, value),
                  "write it like 10s, 5m or 1h30m");
    }
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("DURATION");
}

CLI::Option* add_integer(CLI::App& app, const std::string& name, std::optional<std::int64_t>& target,
                         std::int64_t least, std::int64_t most, const std::string& description) {
  const auto read = [&target, name, least, most](const std::string& value) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < least || number > most) {
      throw Error(Kind::usage,
                  fmt::format("{}: '{}' is not a number from {} to {}", name, value, least, most),
                  fmt::format("give {} a number from {} to {}", name, least, most));
    }
    target = number;
  };
  return app.add_option_function<std::string>(name, read, description)->type_name("NUMBER");
}

void in_group(const std::string& title, std::initializer_list<CLI::Option*> options) {
  for (CLI::Option* option : options) option->group(title);
}

void only_with(CLI::Option* needed, CLI::Option* option) {
  option->needs(needed);
}

void never_with(CLI::Option* other, CLI::Option* option) {
  option->excludes(other);
}

std::vector<std::string> split_at_commas(const std::vector<std::string>& values) {
  std::vector<std::string> parts;
  for (const std::string& value : values) {
    std::size_t begin = 0;
    while (begin <= value.size()) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      const std::size_t first = value.find_first_not_of(' ', begin);
      if (first < end) parts.push_back(value.substr(first, value.find_last_not_of(' ', end - 1) + 1 - first));
      begin = end + 1;
    }
  }
  return parts;
}

FenceOptions FenceFlags::options() const {
  FenceOptions options;
  if (end_writers) options.drain_timeout = std::chrono::seconds(10);
  if (drain_timeout) options.drain_timeout = *drain_timeout;
  if (end_writers) options.writers = FenceOptions::Writers::end;
  return options;
}

void add_fence_options(CLI::App& app, FenceFlags& flags) {
  add_duration(app, "--drain-timeout", flags.drain_timeout,
               "how long writers in flight may take to end (60s; with --end-writers 10s)");
  add_flag(app, "--end-writers", flags.end_writers,
           "end writers that do not end in time, instead of giving up");
}

void add_patch_run_options(CLI::App& app, std::string& on_failure,
                           std::optional<std::chrono::milliseconds>& lock_timeout) {
  add_choice(
      app, "--on-failure", on_failure, {"undo", "keep"},
      "keep: a failed run leaves the site in maintenance for a person, where it could be committed in part");
  add_duration(
      app, "--lock-timeout", lock_timeout,
      "how long a statement that waits for a lock may hold up readers behind it, before it steps back "
      "and tries again; else 2s");
}

void add_wait_option(CLI::App& app, std::optional<std::chrono::milliseconds>& wait,
                     const std::string& else_what) {
  add_duration(app, "--wait", wait, fmt::format("how long to wait for a busy site ({})", else_what));
}

}  // namespace bench::cli
