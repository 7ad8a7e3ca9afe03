#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace bench::test {

/// The program under test, running. What it writes is kept in files and can be read after its end. Destroyed
/// while it runs, it is killed.
class BenchProcess {
 public:
  /// Starts the real `bench` with these arguments; `environment` is added to ours, in which nothing names a
  /// bench or site.
  explicit BenchProcess(const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment = {});
  ~BenchProcess();
  BenchProcess(const BenchProcess&) = delete;
  BenchProcess& operator=(const BenchProcess&) = delete;

  pid_t pid() const { return m_pid; }

  /// Waits until it stops itself at a pause point; false when it ended instead.
  bool wait_until_paused();
  void resume() const;
  void send(int signal) const;
  /// SIGKILL, and waits for the end.
  void kill();
  /// Waits for its end; the exit code as a shell tells it (128 + signal).
  int wait();

  std::string stdout_text() const;
  std::string stderr_text() const;

 private:
  TemporaryFolder m_folder;
  pid_t m_pid = -1;
  int m_status = 0;
  bool m_ended = false;
};

/// Runs `bench` to its end.
struct BenchResult {
  int exit_code;
  std::string stdout_text;
  std::string stderr_text;
};
BenchResult run_bench(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment = {});

/// Names of the temporary files that are left under the folder.
std::vector<std::string> temporaries_under(const std::filesystem::path& folder);

}  // namespace bench::test
