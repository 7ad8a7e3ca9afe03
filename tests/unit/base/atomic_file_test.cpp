#include "base/atomic_file.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;

namespace {

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status;
}

std::size_t entries_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Runs `action` in a child process and answers its exit code.
template <typename Action>
int in_child(Action action) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(action());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a new file appears whole, with the mode asked for whatever the umask") {
  const test::TemporaryFolder folder;
  const mode_t old = umask(077);
  {
    AtomicFile file(folder / "config", 0664);
    file.write("one, ");
    file.write("two");
    CHECK_FALSE(std::filesystem::exists(folder / "config"));
    const std::string temporary = file.temporary_path().filename().string();
    CHECK_THAT(temporary, Catch::StartsWith(".config." + std::to_string(getpid()) + "."));
    CHECK_THAT(temporary, Catch::EndsWith(".bench-tmp"));
    file.commit();
  }
  umask(old);
  CHECK(read_file(folder / "config") == "one, two");
  CHECK((status_of(folder / "config").st_mode & 07777) == 0664);
  CHECK(entries_in(folder.path()) == 1);
  write_file_atomically(folder / "secret", "x");
  CHECK((status_of(folder / "secret").st_mode & 07777) == 0600);
}

TEST_CASE("destroyed without commit, nothing has changed") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "config", "old");
  {
    AtomicFile file(folder / "config");
    file.write("new");
    AtomicFile moved = std::move(file);
    moved.write("er");
  }
  CHECK(read_file(folder / "config") == "old");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("an existing file keeps its mode and its owner") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "config", "old");
  REQUIRE(chmod((folder / "config").c_str(), 0640) == 0);
  const bool is_root = geteuid() == 0;
  if (is_root) {
    REQUIRE(chown((folder / "config").c_str(), 12345, 23456) == 0);
    set_creation_owner(Ownership{1, 1});
  }
  write_file_atomically(folder / "config", "new", 0600);
  set_creation_owner(std::nullopt);
  const struct stat status = status_of(folder / "config");
  CHECK(read_file(folder / "config") == "new");
  CHECK((status.st_mode & 07777) == 0640);
  CHECK(status.st_uid == (is_root ? 12345 : getuid()));
  if (is_root) CHECK(status.st_gid == 23456);
}

TEST_CASE("a new file under root belongs to the creation owner") {
  if (geteuid() != 0) {
    WARN("only root can give a file away");
    return;
  }
  const test::TemporaryFolder folder;
  set_creation_owner(Ownership{12345, 23456});
  write_file_atomically(folder / "config", "new");
  set_creation_owner(std::nullopt);
  CHECK(status_of(folder / "config").st_uid == 12345);
  CHECK(status_of(folder / "config").st_gid == 23456);
}

TEST_CASE("a link stays and the file it points to is replaced") {
  const test::TemporaryFolder folder;
  make_folders(folder / "real");
  write_file_atomically(folder / "real/config", "old");
  std::filesystem::create_symlink("real/config", folder / "second");
  std::filesystem::create_symlink(folder / "second", folder / "first");
  write_file_atomically(folder / "first", "new");
  CHECK(std::filesystem::is_symlink(folder / "first"));
  CHECK(std::filesystem::is_symlink(folder / "second"));
  CHECK(read_file(folder / "real/config") == "new");

  std::filesystem::create_symlink("real/later", folder / "dangling");
  write_file_atomically(folder / "dangling", "made");
  CHECK(read_file(folder / "real/later") == "made");

  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK_THROWS_AS(write_file_atomically(folder / "loop", "x"), Error);
}

TEST_CASE("what is not a regular file is refused") {
  const test::TemporaryFolder folder;
  make_folders(folder / "below");
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK_THROWS_AS(AtomicFile(folder / "below"), Error);
  CHECK_THROWS_AS(AtomicFile(folder / "fifo"), Error);
  CHECK_THROWS_AS(AtomicFile("/dev/null"), Error);
  CHECK_THROWS_AS(AtomicFile(folder / "missing/config"), Error);
  CHECK(entries_in(folder.path()) == 2);
}

TEST_CASE("the longest name works") {
  const test::TemporaryFolder folder;
  const std::string name(255, 'n');
  write_file_atomically(folder / name, "x");
  CHECK(read_file(folder / name) == "x");
}

TEST_CASE("a write that the file system refuses leaves the old file and no temporary one") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "config", "old");
  const int code = in_child([&] {
    const rlimit most{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &most);
    signal(SIGXFSZ, SIG_IGN);
    try {
      write_file_atomically(folder / "config", std::string(5000, 'x'));
    } catch (const Error& error) {
      const std::string expected = "cannot write '" + (folder / "config").string() + "': File too large";
      return error.what() == expected && error.kind() == Kind::unexpected ? 0 : 1;
    }
    return 2;
  });
  CHECK(code == 0);
  CHECK(read_file(folder / "config") == "old");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("readers see the old file or the new one, never half of one") {
  const test::TemporaryFolder folder;
  const std::string first(50'000, 'a');
  const std::string second(70'000, 'b');
  write_file_atomically(folder / "config", first);
  const pid_t writer = fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    for (int round = 0; round < 100; ++round) {
      write_file_atomically(folder / "config", round % 2 == 0 ? second : first);
    }
    _exit(0);
  }
  int status = 0;
  std::size_t seen_second = 0;
  while (waitpid(writer, &status, WNOHANG) == 0) {
    const std::string text = read_file(folder / "config");
    if (text == second) {
      ++seen_second;
    } else if (text != first) {
      FAIL("half a file");
    }
  }
  CHECK(status == 0);
  CHECK(seen_second > 0);
}

TEST_CASE("temporary files of writers that were killed are removed, those of living ones are not") {
  const test::TemporaryFolder folder;
  AtomicFile living(folder / "living");
  const int code = in_child([&] {
    AtomicFile killed(folder / "killed");
    killed.write("half");
    kill(getpid(), SIGKILL);
    return 0;
  });
  CHECK(code == 128 + SIGKILL);
  write_file_atomically(folder / ".other.bench-tmp.txt", "not ours");
  REQUIRE(entries_in(folder.path()) == 3);

  remove_stale_temporaries(folder.path());
  CHECK(entries_in(folder.path()) == 2);
  CHECK(std::filesystem::exists(living.temporary_path()));
  CHECK(std::filesystem::exists(folder / ".other.bench-tmp.txt"));
  living.commit();
  CHECK(std::filesystem::exists(folder / "living"));
  remove_stale_temporaries(folder / "missing");
}
