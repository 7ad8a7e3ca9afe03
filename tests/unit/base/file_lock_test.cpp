#include "base/file_lock.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace std::chrono_literals;

namespace {

/// A process that holds the lock until it is killed.
class Holder {
 public:
  explicit Holder(const std::filesystem::path& path) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    m_pid = fork();
    REQUIRE(m_pid >= 0);
    if (m_pid == 0) {
      const auto lock = FileLock::try_acquire(path);
      const char answer = lock ? 'y' : 'n';
      if (write(ready[1], &answer, 1) != 1) _exit(1);
      for (;;) pause();
    }
    char answer = 0;
    REQUIRE(read(ready[0], &answer, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    REQUIRE(answer == 'y');
  }
  ~Holder() { end(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void end() {
    if (m_pid <= 0) return;
    kill(m_pid, SIGKILL);
    waitpid(m_pid, nullptr, 0);
    m_pid = 0;
  }

 private:
  pid_t m_pid = 0;
};

}  // namespace

TEST_CASE("a lock excludes others, creates its folders and leaves its file") {
  const test::TemporaryFolder folder;
  const auto path = folder / "locks/bench_migrate.lock";
  CHECK_FALSE(FileLock::is_held(path));
  CHECK_FALSE(std::filesystem::exists(path));
  {
    const auto lock = FileLock::try_acquire(path);
    REQUIRE(lock);
    CHECK(FileLock::is_held(path));
    CHECK_FALSE(FileLock::try_acquire(path));
  }
  CHECK_FALSE(FileLock::is_held(path));
  CHECK(FileLock::try_acquire(path));
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a lock that moved is still held, and freed once") {
  const test::TemporaryFolder folder;
  auto first = FileLock::try_acquire(folder / "lock");
  REQUIRE(first);
  std::optional<FileLock> second(std::move(*first));
  first.reset();
  CHECK(FileLock::is_held(folder / "lock"));
  second.reset();
  CHECK_FALSE(FileLock::is_held(folder / "lock"));
}

TEST_CASE("a process that is killed frees its lock") {
  const test::TemporaryFolder folder;
  Holder holder(folder / "lock");
  CHECK(FileLock::is_held(folder / "lock"));
  CHECK_FALSE(FileLock::try_acquire(folder / "lock"));
  holder.end();
  CHECK_FALSE(FileLock::is_held(folder / "lock"));
  CHECK(FileLock::try_acquire(folder / "lock"));
}

TEST_CASE("an orphan that inherited the descriptor keeps the lock") {
  const test::TemporaryFolder folder;
  const auto path = folder / "lock";
  auto lock = FileLock::try_acquire(path);
  REQUIRE(lock);
  ChildCommand command;
  command.argv = {"sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"};
  command.inherited = {lock->descriptor()};
  const pid_t orphan = static_cast<pid_t>(std::stol(run_child(command).stdout_text));
  lock.reset();
  CHECK(FileLock::is_held(path));
  CHECK_FALSE(FileLock::try_acquire(path));
  REQUIRE(kill(orphan, SIGKILL) == 0);
  CHECK(FileLock::acquire(path, 10s));
}

TEST_CASE("a child that did not inherit the descriptor does not keep the lock") {
  const test::TemporaryFolder folder;
  auto lock = FileLock::try_acquire(folder / "lock");
  REQUIRE(lock);
  ChildCommand command;
  command.argv = {"sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!"};
  const pid_t orphan = static_cast<pid_t>(std::stol(run_child(command).stdout_text));
  lock.reset();
  CHECK_FALSE(FileLock::is_held(folder / "lock"));
  CHECK(kill(orphan, SIGKILL) == 0);
}

TEST_CASE("waiting ends with the lock, with the time or with an exception") {
  const test::TemporaryFolder folder;
  Holder holder(folder / "lock");
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(FileLock::acquire(folder / "lock", 60ms));
  CHECK(std::chrono::steady_clock::now() - start >= 60ms);
  CHECK_THROWS_AS(
      FileLock::acquire(folder / "lock", 1h, [] { throw Error(Kind::interrupted, "interrupted"); }), Error);

  int questions = 0;
  const auto lock = FileLock::acquire(folder / "lock", 1h, [&] {
    if (++questions == 3) holder.end();
  });
  CHECK(lock);
  CHECK(questions >= 3);
}

TEST_CASE("a lock on a file that was replaced is a lock on the new file") {
  const test::TemporaryFolder folder;
  const auto first = FileLock::try_acquire(folder / "lock");
  REQUIRE(first);
  std::filesystem::rename(folder / "lock", folder / "moved");
  CHECK_FALSE(FileLock::is_held(folder / "lock"));
  const auto second = FileLock::try_acquire(folder / "lock");
  CHECK(second);
  CHECK(FileLock::is_held(folder / "lock"));
}

TEST_CASE("asking who holds a lock never makes it look held") {
  const test::TemporaryFolder folder;
  { REQUIRE(FileLock::try_acquire(folder / "lock")); }
  const pid_t asking = fork();
  REQUIRE(asking >= 0);
  if (asking == 0) {
    for (;;) FileLock::is_held(folder / "lock");
  }
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    if (!FileLock::try_acquire(folder / "lock")) ++refused;
  }
  kill(asking, SIGKILL);
  waitpid(asking, nullptr, 0);
  CHECK(refused == 0);
}

TEST_CASE("a lock that cannot be created is an error") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_AS(FileLock::try_acquire(folder.path()), Error);
}
