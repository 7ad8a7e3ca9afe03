#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file_lock.hpp"
#include "migration/runner.hpp"
#include "operation/operation.hpp"
#include "site/app.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Runs programs of apps for one operation: hooks, and patches that print SQL. They run in their app's folder
/// with BENCH_SITE, BENCH_SITE_PATH, BENCH_OPERATION and BENCH_CONNECTION_FILE (JSON: {"db_type", "path"} or
/// the server's settings; 0600, removed afterwards) in their environment, under the time limit of the config
/// key hook_timeout (seconds, 600 by default). Their output goes to the site's log. They inherit the site's
/// lock.
class AppPrograms {
 public:
  AppPrograms(const Workplace& workplace, const Site& site, const Operation& operation, const FileLock& lock);
  ~AppPrograms();
  AppPrograms(const AppPrograms&) = delete;
  AppPrograms& operator=(const AppPrograms&) = delete;

  enum class Moment { before_migrate, after_migrate, on_undo };
  /// Runs the hooks of all apps in their order. Error{unexpected} names the hook that failed, and its last
  /// words.
  void run_hooks(const std::vector<App>& apps, Moment moment);
  /// Runs an executable patch and answers what it printed, which is kept in the operation's folder (0600)
  /// until `forget_printed`. `as_before`: answers what the latest operation kept of the same program, if any
  /// did. Error{statement} when it failed.
  std::string run_patch(const Patch& patch, RunOptions::Printed printed);

 private:
  std::string run(const std::filesystem::path& program, const std::filesystem::path& folder, Kind failure);
  void write_connection_file();
  const Workplace& m_workplace;
  const Site& m_site;
  const Operation& m_operation;
  const FileLock& m_lock;
  std::filesystem::path m_connection_file;
};

/// Whether the file in an operation's folder is what a patch printed.
bool is_printed(const std::filesystem::path& file);
/// Removes what the operation's patches printed: none of them will go on.
void forget_printed(const Operation& operation);

}  // namespace bench
