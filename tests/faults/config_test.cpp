#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "site/bench_folder.hpp"
#include "support/bench_process.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::BenchProcess;
using bench::test::run_bench;
using bench::test::temporaries_under;

namespace {

const std::string delicate =
    "{\r\n\t\"price\": 1.10,\r\n\t\"big\": 12345678901234567890123,\r\n\t\"z\" : \"\\u00e9\",\r\n\t\"key\": "
    "\"old\",\r\n"
    "\t\"a\":{\"key\":1}\r\n}\r\n";

std::string with(std::string text, const std::string& old_part, const std::string& new_part) {
  return text.replace(text.find(old_part), old_part.size(), new_part);
}

/// A bench with one site.
struct Place {
  test::TemporaryFolder folder;
  std::filesystem::path bench;
  std::filesystem::path site;
  std::filesystem::path config;

  explicit Place(const std::filesystem::path& parent = {}) {
    bench = parent.empty() ? folder / "bench" : parent / "bench";
    BenchFolder::create(bench);
    site = bench / "sites" / "shop";
    config = site / "site_config.json";
    make_folders(site);
    write_file_atomically(config, delicate);
  }

  std::vector<std::string> set(const std::string& key, const std::string& value) const {
    return {"--bench", bench.string(), "--site", "shop", "set-config", key, value};
  }
  ConfigLocks locks() const { return Site(bench, site).config_locks(); }
};

/// Writes the numbers from 1 to `rounds` under one key, one program run each. For a forked process.
[[noreturn]] void write_rounds(std::vector<std::string> arguments, int rounds) noexcept {
  int exit_code = 0;
  for (int round = 1; round <= rounds && exit_code == 0; ++round) {
    arguments.back() = "r" + std::to_string(round);
    exit_code = run_bench(arguments).exit_code;
  }
  _exit(exit_code);
}

std::vector<pid_t> start_writers(const Place& place, const std::vector<std::string>& head, int writers,
                                 int rounds) {
  std::vector<pid_t> result;
  for (int writer = 0; writer < writers; ++writer) {
    std::vector<std::string> arguments = {"--bench", place.bench.string()};
    arguments.insert(arguments.end(), head.begin(), head.end());
    arguments.insert(arguments.end(), {"key" + std::to_string(writer), ""});
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) write_rounds(arguments, rounds);
    result.push_back(child);
  }
  return result;
}

/// Reads as anybody would, without locks, until all writers have ended. Answers how often.
int read_until_they_end(const std::vector<pid_t>& writers, const std::filesystem::path& file) {
  int reads = 0;
  for (std::size_t ended = 0; ended < writers.size(); ++reads) {
    std::ifstream stream(file);
    const auto seen = nlohmann::json::parse(stream, nullptr, false);
    REQUIRE_FALSE(seen.is_discarded());
    REQUIRE(seen.at("price") == 1.10);
    int status = 0;
    const pid_t child = waitpid(-1, &status, WNOHANG);
    if (child == 0) continue;
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(WIFEXITED(status));
    ++ended;
  }
  return reads;
}

void check_race(const Place& place, const std::vector<std::string>& head, const std::filesystem::path& file) {
  constexpr int writers = 8;
  constexpr int rounds = 12;
  const auto children = start_writers(place, head, writers, rounds);
  const int reads = read_until_they_end(children, file);
  CHECK(reads > writers * rounds);
  const SiteConfig config = SiteConfig::load(file);
  for (int writer = 0; writer < writers; ++writer) {
    CHECK(config.string("key" + std::to_string(writer)) == "r" + std::to_string(rounds));
  }
  CHECK(config.raw("price") == "1.10");
  CHECK(config.raw("big") == "12345678901234567890123");
  CHECK(temporaries_under(place.bench).empty());
}

/// A tiny disk that only this process sees; false where the system allows none.
bool mount_tiny_disk(const std::filesystem::path& folder) {
  const auto write = [](const char* file, const std::string& text) { std::ofstream(file) << text; };
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    write("/proc/self/setgroups", "deny");
    write("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
    write("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=128k") == 0;
}

class TinyDisk {
 public:
  TinyDisk() : m_mounted(mount_tiny_disk(m_folder.path())) {}
  ~TinyDisk() {
    if (m_mounted) umount2(m_folder.path().c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;

  bool mounted() const { return m_mounted; }
  const std::filesystem::path& path() const { return m_folder.path(); }
  void fill() const {
    const FileDescriptor file = open_file(path() / "filler", O_WRONLY | O_CREAT | O_APPEND);
    const std::string block(4096, 'x');
    while (::write(file.get(), block.data(), block.size()) > 0) continue;
  }
  void make_room() const { remove_all(path() / "filler"); }

 private:
  test::TemporaryFolder m_folder;
  bool m_mounted;
};

}  // namespace

TEST_CASE("set-config changes its key and not one byte more") {
  const Place place;
  CHECK(run_bench(place.set("key", "new")).exit_code == 0);
  CHECK(read_file(place.config) == with(delicate, "\"old\"", "\"new\""));
  CHECK(run_bench(place.set("added", "1")).exit_code == 0);
  CHECK(run_bench(place.set("added", "None")).exit_code == 0);
  CHECK(run_bench(place.set("key", "old")).exit_code == 0);
  CHECK(read_file(place.config) == delicate);
}

TEST_CASE("eight programs write one site's config while readers parse") {
  const Place place;
  check_race(place, {"--site", "shop", "set-config"}, place.config);
}

TEST_CASE("eight programs write the common config while readers parse") {
  const Place place;
  const auto common = place.bench / "sites" / "common_site_config.json";
  write_file_atomically(common, delicate);
  check_race(place, {"set-config", "-g"}, common);
}

TEST_CASE("killed inside an edit, the config is what it was or what was asked") {
  const auto [point, changed] = GENERATE(table<std::string, bool>(
      {{"config.locked", false}, {"config.written", false}, {"config.renamed", true}}));
  CAPTURE(point);
  const Place place;
  BenchProcess process(place.set("key", "new"), {{"BENCH_PAUSE_AT", point}});
  REQUIRE(process.wait_until_paused());
  CHECK(process.stderr_text().find("paused at " + point) != std::string::npos);
  CHECK(FileLock::is_held(place.locks().frappe));
  CHECK(FileLock::is_held(place.locks().pilot));
  CHECK(temporaries_under(place.bench).size() == (point == "config.written" ? 1 : 0));
  process.kill();
  const std::string after = changed ? with(delicate, "\"old\"", "\"new\"") : delicate;
  CHECK(read_file(place.config) == after);

  const auto next = run_bench(place.set("key", "newer"));
  CHECK(next.exit_code == 0);
  CHECK(read_file(place.config) == with(delicate, "\"old\"", "\"newer\""));
  CHECK(temporaries_under(place.bench).empty());
  CHECK_FALSE(FileLock::is_held(place.locks().frappe));
  CHECK_FALSE(FileLock::is_held(place.locks().pilot));
}

TEST_CASE("who cannot get the lock says which, and exits 5") {
  const Place place;
  BenchProcess holder(place.set("key", "new"), {{"BENCH_PAUSE_AT", "config.locked"}});
  REQUIRE(holder.wait_until_paused());
  const auto second = run_bench(place.set("other", "x"));
  CHECK(second.exit_code == 5);
  CHECK(second.stderr_text.find(place.locks().frappe.string()) != std::string::npos);
  CHECK(read_file(place.config) == delicate);
  holder.resume();
  CHECK(holder.wait() == 0);
  CHECK(read_file(place.config) == with(delicate, "\"old\"", "\"new\""));
}

TEST_CASE("a config that is not valid JSON is refused and never overwritten") {
  const Place place;
  const std::string broken = GENERATE("", "{\n \"a\": NaN\n}", "{\"a\": 1", "[]");
  CAPTURE(broken);
  write_file_atomically(place.config, broken);
  const auto result = run_bench(place.set("key", "new"));
  CHECK(result.exit_code == 9);
  CHECK(result.stderr_text.find(place.config.string() + ":") != std::string::npos);
  CHECK(read_file(place.config) == broken);
  CHECK(temporaries_under(place.bench).empty());
}

TEST_CASE("a full disk leaves the old file whole") {
  const TinyDisk disk;
  if (!disk.mounted()) {
    WARN("this system lets nobody mount a private disk: not tested");
    return;
  }
  const Place place(disk.path());
  CHECK(run_bench(place.set("warm", "up")).exit_code == 0);
  const std::string before = read_file(place.config);
  disk.fill();
  const auto result = run_bench(place.set("key", "new"));
  CHECK(result.exit_code == 1);
  CHECK(result.stderr_text.find("No space left on device") != std::string::npos);
  CHECK(read_file(place.config) == before);
  CHECK(temporaries_under(place.bench).empty());

  disk.make_room();
  CHECK(run_bench(place.set("key", "new")).exit_code == 0);
  CHECK(read_file(place.config) == with(before, "\"old\"", "\"new\""));
}
