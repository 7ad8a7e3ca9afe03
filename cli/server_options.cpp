#include "server_options.hpp"

#include <fmt/format.h>

#include "database/backend.hpp"
#include "options.hpp"

namespace bench::cli {

std::vector<std::string> RootOptions::given() const {
  std::vector<std::string> names;
  if (username) names.emplace_back("--db-root-username");
  if (password) names.emplace_back("--db-root-password");
  if (password_file) names.emplace_back("--db-root-password-file");
  return names;
}

AdminChoice RootOptions::choice() const {
  AdminChoice choice{.user = username, .password = password, .password_file = {}};
  if (password_file) choice.password_file = *password_file;
  return choice;
}

void add_root_options(CLI::App& app, RootOptions& options) {
  in_group(
      "database server",
      {add_text(app, "--db-root-username,--mariadb-root-username", options.username,
                "the account that bench changes databases with; else config/admin.json, root_login", "NAME"),
       add_text(app, "--db-root-password-file", options.password_file, "a file that holds its password",
                "FILE"),
       add_text(app, "--db-root-password,--mariadb-root-password", options.password,
                "its password; EXPOSED: others on this machine can read it while bench runs")});
}

void refuse_without_server(std::string_view db_type, const std::vector<std::string>& given) {
  if (given.empty() || get_backend(db_type).has_server) return;
  throw Error(Kind::usage, fmt::format("{} means nothing to {}, which has no server", given.front(), db_type),
              fmt::format("leave {} out", given.front()));
}

void warn_of_exposed(Printer& printer, const std::string& option, const std::optional<std::string>& value) {
  if (!value) return;
  printer.warning(fmt::format("{} can be read by everybody on this machine while bench runs", option));
}

}  // namespace bench::cli
