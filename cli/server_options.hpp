#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/admin_account.hpp"
#include "output.hpp"

namespace CLI {
class App;
}

namespace bench::cli {

/// Frappe's options for the account that creates, fences, migrates and restores databases on a server. Every
/// command that runs an operation has them.
struct RootOptions {
  std::optional<std::string> username, password, password_file;
  /// Names of those that were given.
  std::vector<std::string> given() const;
  AdminChoice choice() const;
};
void add_root_options(CLI::App& app, RootOptions& options);

/// Error{usage} when `given` names options that mean nothing to a database without a server.
void refuse_without_server(std::string_view db_type, const std::vector<std::string>& given);

/// Everybody on the machine can read a command line while it runs.
void warn_of_exposed(Printer& printer, const std::string& option, const std::optional<std::string>& value);

}  // namespace bench::cli
