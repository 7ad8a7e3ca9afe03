#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

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

void run(Context& context) {
  const Site site = context.only_site();
  if (context.options().json)
    throw Error(Kind::usage, "the database's shell does not speak JSON", "leave --json out");
  Shell shell = backend_of(site).shell(settings_of(site));
  const auto& words = context.foreign_command();
  shell.argv.insert(shell.argv.end(), words.begin(), words.end());
  become(shell);
}

}  // namespace

Run declare_db_console(CLI::App& app) {
  examples(app, {"bench --site develop db-console", "bench --site develop db-console < query.sql",
                 "bench --site shop mariadb -- --table"});
  return [](Context& context) { run(context); };
}

}  // namespace bench::cli
