#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/child_process.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

[[noreturn]] void become(const Shell& shell) {
  for (const auto& [name, value] : shell.environment) setenv(name.c_str(), value.c_str(), 1);
  if (shell.secret) fcntl(shell.secret->descriptor(), F_SETFD, 0);
  std::vector<char*> words;
  for (const std::string& word : shell.argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words.front(), words.data());
  const int reason = errno;
  if (reason == ENOENT)
    throw Error(Kind::configuration, fmt::format("{} is not installed", shell.argv.front()),
                fmt::format("apt-get install {}", shell.package));
  throw system_error(fmt::format("cannot start {}", shell.argv.front()), reason);
}

Shell shell_of(const Context& context, const Site& site) {
  Shell shell = backend_of(site).shell(settings_of(site));
  const auto& words = context.foreign_command();
  shell.argv.insert(shell.argv.end(), words.begin(), words.end());
  return shell;
}

/// What the shell prints is no JSON and goes where messages go.
Outcome run_beside(const Shell& shell) {
  ChildCommand command;
  command.argv = shell.argv;
  command.environment = shell.environment;
  if (shell.secret) command.inherited = {shell.secret->descriptor()};
  command.output = ChildCommand::Output::inherit;
  const ChildResult result = run_child(command);
  Outcome outcome;
  outcome.result["exit_code"] = result.exit_code;
  if (!result.succeeded())
    outcome.error = Error(Kind::statement,
                          fmt::format("{} ended with exit code {}", shell.argv.front(), result.exit_code),
                          "see what it said on standard error");
  return outcome;
}

void run(Context& context) {
  const Site site = context.only_site();
  if (!context.options().json) become(shell_of(context, site));
  context.for_each_site({site}, [&](const Site& one) { return run_beside(shell_of(context, one)); },
                        {{"exit_code", nullptr}});
}

}  // namespace

Run declare_db_console(CLI::App& app) {
  examples(app, {"bench --site develop db-console", "bench --site develop db-console < query.sql",
                 "bench --site shop mariadb -- --table"});
  return [](Context& context) { run(context); };
}

}  // namespace bench::cli
