#include "workflow/new_site.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/suggestion.hpp"
#include "context.hpp"
#include "database/backend.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "server_options.hpp"

namespace bench::cli {

namespace {

struct NewSiteFlags {
  NewSiteOptions options;
  std::vector<std::string> apps;
  std::optional<std::string> admin_password_file;
  std::optional<std::chrono::milliseconds> wait;
};

/// --db-type, else the common config's, else SQLite.
std::string db_type_for(Context& context, const NewSiteOptions& options) {
  if (!options.db_type) return context.bench().common_config().string("db_type").value_or("sqlite");
  const std::vector<std::string> known = backend_names();
  if (find_backend(*options.db_type) == nullptr) {
    const std::string meant = did_you_mean(*options.db_type, known);
    throw Error(Kind::usage,
                fmt::format("--db-type: '{}' is none of {}", *options.db_type, fmt::join(known, ", ")),
                meant.empty() ? fmt::format("use one of {}", fmt::join(known, ", ")) : meant);
  }
  return *options.db_type;
}

std::vector<std::string> server_options_given(const NewSiteFlags& flags, const RootOptions& root) {
  std::vector<std::string> given = root.given();
  if (flags.options.db_host) given.emplace_back("--db-host");
  if (flags.options.db_port) given.emplace_back("--db-port");
  if (flags.options.db_socket) given.emplace_back("--db-socket");
  if (flags.options.db_user) given.emplace_back("--db-user");
  if (flags.options.db_password) given.emplace_back("--db-password");
  return given;
}

Outcome outcome_of(const NewSiteReport& report) {
  Outcome outcome;
  outcome.result = {{"site", report.site},       {"db_type", report.db_type},
                    {"db_name", report.db_name}, {"folder", report.folder.string()},
                    {"apps", report.apps},       {"pending", report.pending}};
  outcome.text = fmt::format("made the site {}\n  folder    {}\n  database  {} ({})\n", report.site,
                             report.folder.string(), report.db_name, report.db_type);
  if (!report.apps.empty()) outcome.text += fmt::format("  apps      {}\n", fmt::join(report.apps, ", "));
  if (report.pending > 0) {
    outcome.text += fmt::format("  pending   {} {}: bench --site {} migrate\n", report.pending,
                                report.pending == 1 ? "patch" : "patches", report.site);
  }
  return outcome;
}

void run(Context& context, const NewSiteFlags& flags) {
  check_site_name(flags.options.name);
  NewSiteOptions options = flags.options;
  options.db_type = db_type_for(context, options);
  refuse_without_server(*options.db_type, server_options_given(flags, context.root()));
  options.apps = split_at_commas(flags.apps);
  warn_of_exposed(context.printer(), "--db-password", options.db_password);
  warn_of_exposed(context.printer(), "--admin-password", options.admin_password);
  if (flags.admin_password_file) options.admin_password = password_in_file(*flags.admin_password_file);
  if (options.admin_password) check_new_password(context, *options.admin_password);
  if (context.bench().has_site(options.name) && !options.replace) {
    throw Error(Kind::usage, fmt::format("the site {} exists", options.name),
                "add --force to replace it; it is backed up and archived first");
  }
  const Workplace workplace = context.workplace(flags.wait.value_or(std::chrono::milliseconds(0)));
  context.add(outcome_of(new_site(workplace, options)));
}

void declare_server(CLI::App& app, NewSiteFlags& flags) {
  NewSiteOptions& options = flags.options;
  in_group("database server",
           {add_text(app, "--db-host", options.db_host, "the server's name or address", "HOST"),
            add_integer(app, "--db-port", options.db_port, 1, 65535, "the server's port"),
            add_text(app, "--db-socket", options.db_socket,
                     "MariaDB: the server's socket; PostgreSQL: the folder of its socket", "PATH"),
            add_text(app, "--db-user", options.db_user, "the account of the site; else the database's name",
                     "NAME"),
            add_text(app, "--db-password", options.db_password,
                     "its password; EXPOSED: others on this machine can read it while bench runs; else one "
                     "is made up")});
}

}  // namespace

Run declare_new_site(CLI::App& app) {
  examples(app, {"bench new-site develop", "bench new-site develop --install-app demo --set-default",
                 "bench new-site develop --db-type mariadb --db-socket /run/mysqld/mysqld.sock"});
  auto flags = std::make_shared<NewSiteFlags>();
  NewSiteOptions& options = flags->options;
  add_argument(app, "NAME", options.name, "letters, digits, '.', '-' and '_'");
  add_text(app, "--db-type", options.db_type, "else the common config's db_type, else sqlite", "TYPE");
  add_text(app, "--db-name", options.db_name, "else one is made from the site's name", "NAME");
  add_list(app, "--install-app", flags->apps, "an app to install; may be repeated", "APP");
  add_flag(app, "--set-default", options.set_default,
           "make it the site that commands take when none is named");
  add_flag(app, "--force", options.replace,
           "replace a site of that name; it is dropped, with its backup, first");
  add_text(app, "--admin-password-file", flags->admin_password_file,
           "a file that holds the password of Administrator, who may then log in", "FILE");
  add_text(app, "--admin-password", options.admin_password,
           "the password itself; EXPOSED: others on this machine can read it while bench runs");
  add_wait_option(app, flags->wait, "not at all");
  declare_server(app, *flags);
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
