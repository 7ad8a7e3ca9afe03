#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "context.hpp"

namespace bench::cli {

/// Frappe's options for the account that makes databases on a server.
struct RootOptions {
  std::optional<std::string> username, password, password_file;
  /// Names of those that were given.
  std::vector<std::string> given() const;
};
void add_root_options(CLI::App& app, RootOptions& options);

/// Error{usage} when `given` names options that mean nothing to a database without a server.
void refuse_without_server(std::string_view db_type, const std::vector<std::string>& given);

/// Everybody on the machine can read a command line while it runs.
void warn_of_exposed(Printer& printer, const std::string& option, const std::optional<std::string>& value);

}  // namespace bench::cli
