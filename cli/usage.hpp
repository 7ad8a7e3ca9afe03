#pragma once

#include <exception>
#include <string>

#include "base/error.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace bench::cli {

/// What is wrong with a command's options, as Error{usage} in our words and with a suggestion.
Error usage_error(const CLI::App& app, const CLI::ParseError& error, std::string_view command);

Error unknown_command(const std::string& word);

}  // namespace bench::cli
