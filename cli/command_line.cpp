#include "command_line.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/suggestion.hpp"
#include "command.hpp"
#include "global_options.hpp"

namespace bench::cli {

namespace {

bool is_option(const std::string& word) {
  return word.size() > 1 && word.front() == '-';
}

bool is_global(const std::string& option) {
  const auto& names = global_option_names();
  return std::find(names.begin(), names.end(), option.substr(0, option.find('='))) != names.end();
}

/// The value of `bench --wait 5m migrate` must not be taken for a command.
void refuse_value_of(const std::string& option, const std::string& word) {
  if (is_global(option) || find_command(word) != nullptr || option.find('=') != std::string::npos) return;
  const std::string meant = did_you_mean(option, global_option_names());
  throw Error(Kind::usage, fmt::format("'{}' is not a global option", option),
              meant.empty() ? fmt::format("put {} behind the command", option) : meant);
}

}  // namespace

CommandLine split_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  std::size_t i = 0;
  for (; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& word = arguments[i];
    if (!line.command.empty()) {
      line.options.push_back(word);
    } else if (is_option(word)) {
      line.options.push_back(word);
      if (takes_value(word) && i + 1 < arguments.size() && arguments[i + 1] != "--")
        line.options.push_back(arguments[++i]);
    } else {
      if (i > 0 && is_option(arguments[i - 1]) && !takes_value(arguments[i - 1]))
        refuse_value_of(arguments[i - 1], word);
      line.command = word;
    }
  }
  line.has_tail = i < arguments.size();
  if (line.has_tail)
    line.tail.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
  return line;
}

Format requested_format(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--json") == end ? Format::text : Format::json;
}

}  // namespace bench::cli
