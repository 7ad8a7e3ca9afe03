#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "config/site_config.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;

namespace {

struct Place {
  test::TemporaryFolder folder;
  std::filesystem::path file = folder / "site_config.json";
  ConfigLocks locks{folder / "locks/site_config.lock", folder / ".site_config.json.lock"};

  bool set(std::string_view key, std::string_view value) const {
    return edit_config(file, locks, [&](SiteConfig& config) { config.set_raw(key, value); });
  }
  struct stat status() const {
    struct stat result {};
    REQUIRE(stat(file.c_str(), &result) == 0);
    return result;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      result.push_back(entry.path().filename().string());
    }
    std::sort(result.begin(), result.end());
    return result;
  }
};

std::vector<std::string> g_points;
void note_point(std::string_view point) {
  g_points.emplace_back(point);
}

}  // namespace

TEST_CASE("an edit replaces the file and leaves nothing but it and the locks") {
  const Place place;
  write_file_atomically(place.file, "{\n \"a\": 1.10\n}\n", 0640);
  const auto before = place.status();
  CHECK(place.set("b", "2"));
  CHECK(read_file(place.file) == "{\n \"a\": 1.10,\n \"b\": 2\n}\n");
  CHECK((place.status().st_mode & 07777) == 0640);
  CHECK(place.status().st_ino != before.st_ino);
  CHECK(place.names() == std::vector<std::string>{".site_config.json.lock", "locks", "site_config.json"});
  CHECK_FALSE(FileLock::is_held(place.locks.frappe));
  CHECK_FALSE(FileLock::is_held(place.locks.pilot));
}

TEST_CASE("an edit keeps the file's owner", "[root]") {
  if (geteuid() != 0) return;
  const Place place;
  write_file_atomically(place.file, "{}");
  REQUIRE(chown(place.file.c_str(), 1234, 4321) == 0);
  CHECK(place.set("b", "2"));
  CHECK(place.status().st_uid == 1234);
  CHECK(place.status().st_gid == 4321);
}

TEST_CASE("a new file can be read by its owner only") {
  const Place place;
  CHECK(place.set("a", "1"));
  CHECK(read_file(place.file) == "{\n \"a\": 1\n}");
  CHECK((place.status().st_mode & 07777) == 0600);
}

TEST_CASE("an edit that changes nothing writes nothing") {
  const Place place;
  CHECK_FALSE(edit_config(place.file, place.locks, [](SiteConfig& config) { config.remove("a"); }));
  CHECK_FALSE(std::filesystem::exists(place.file));
  write_file_atomically(place.file, "{\"a\": \"\\u00e9\"}");
  const auto before = place.status();
  CHECK_FALSE(place.set("a", "\"\xc3\xa9\""));
  CHECK(place.status().st_ino == before.st_ino);
  CHECK(place.status().st_mtim.tv_nsec == before.st_mtim.tv_nsec);
}

TEST_CASE("a link stays a link, and the file it leads to is replaced") {
  const Place place;
  std::filesystem::create_directory(place.folder / "real");
  write_file_atomically(place.folder / "real/config.json", "{}");
  write_file_atomically(place.folder / "real/.config.json.999999999.1.bench-tmp", "left by a crash");
  std::filesystem::create_symlink("real/config.json", place.file);
  CHECK(place.set("a", "1"));
  CHECK(std::filesystem::is_symlink(place.file));
  CHECK(read_file(place.folder / "real/config.json") == "{\n \"a\": 1\n}");
  CHECK_FALSE(std::filesystem::exists(place.folder / "real/.config.json.999999999.1.bench-tmp"));
}

TEST_CASE("temporary files of a writer that died are removed, even when nothing changes") {
  const Place place;
  write_file_atomically(place.file, "{\"a\": 1}");
  write_file_atomically(place.folder / ".site_config.json.999999999.1.bench-tmp", "{\"a\": 2}");
  CHECK_FALSE(place.set("a", "1"));
  CHECK(place.names() == std::vector<std::string>{".site_config.json.lock", "locks", "site_config.json"});
}

TEST_CASE("an edit that throws has changed nothing and holds nothing") {
  const Place place;
  write_file_atomically(place.file, "{\"a\": 1}");
  const auto error = error_of([&] {
    edit_config(place.file, place.locks, [](SiteConfig& config) {
      config.set_integer("a", 2);
      throw Error(Kind::usage, "no");
    });
  });
  REQUIRE(error);
  CHECK(error->kind() == Kind::usage);
  CHECK(read_file(place.file) == "{\"a\": 1}");
  CHECK_FALSE(FileLock::is_held(place.locks.frappe));
}

TEST_CASE("a file that is not valid JSON is refused and left as it is") {
  const Place place;
  write_file_atomically(place.file, "{\"a\": NaN}");
  const auto error = error_of([&] { place.set("a", "1"); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::configuration);
  CHECK(std::string(error->what()) == place.file.string() + ":1:7: not valid JSON: NaN is not a JSON value");
  CHECK(read_file(place.file) == "{\"a\": NaN}");
  CHECK(place.names() == std::vector<std::string>{".site_config.json.lock", "locks", "site_config.json"});
}

TEST_CASE("the pause points of an edit come in their order") {
  const Place place;
  g_points.clear();
  const auto before = edit_config_pause;
  edit_config_pause = note_point;
  place.set("a", "1");
  CHECK(g_points == std::vector<std::string>{"config.locked", "config.written", "config.renamed"});
  g_points.clear();
  place.set("a", "1");
  edit_config_pause = before;
  CHECK(g_points == std::vector<std::string>{"config.locked"});
}

TEST_CASE("eight writers lose no update, and readers see a whole file at each moment") {
  constexpr int writers = 8;
  constexpr int rounds = 15;
  const Place place;
  write_file_atomically(place.file, "{\"price\": 1.10}");
  std::vector<pid_t> children;
  for (int writer = 0; writer < writers; ++writer) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      int status = 0;
      try {
        for (int round = 1; round <= rounds; ++round) {
          place.set("key" + std::to_string(writer), std::to_string(round));
        }
      } catch (const Error&) {
        status = 1;
      }
      _exit(status);
    }
    children.push_back(child);
  }
  int reads = 0;
  for (std::size_t ended = 0; ended < children.size();) {
    CHECK(SiteConfig::load(place.file).raw("price") == "1.10");
    ++reads;
    int status = 0;
    const pid_t child = waitpid(-1, &status, WNOHANG);
    if (child == 0) continue;
    CHECK(status == 0);
    ++ended;
  }
  CHECK(reads > writers);
  const SiteConfig config = SiteConfig::load(place.file);
  for (int writer = 0; writer < writers; ++writer) {
    CHECK(config.integer("key" + std::to_string(writer)) == rounds);
  }
  CHECK(place.names() == std::vector<std::string>{".site_config.json.lock", "locks", "site_config.json"});
}
