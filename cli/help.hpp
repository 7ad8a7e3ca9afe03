#pragma once

#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

namespace bench::cli {

/// `bench --help`: the commands in groups, global options, exit codes.
std::string overview();

/// A command's help: summary, examples, usage, options.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace bench::cli
