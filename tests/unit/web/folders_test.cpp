#include "web/template/folders.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using test::TemporaryFolder;

namespace {

/// What was looked at is trusted for a millisecond.
void let_look_again() {
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
  let_look_again();
}

/// Gives the file a time of its own: two writes may fall into one tick of the clock.
void write_at(const std::filesystem::path& path, const std::string& text, time_t seconds) {
  write(path, text);
  const timespec time{seconds, 0};
  const timespec times[]{time, time};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  let_look_again();
}

std::string page(TemplateFolders& folders, std::string_view name) {
  const auto found = folders.load(name);
  return found ? render(found, {}, folders) : "none";
}

}  // namespace

TEST_CASE("a template is found in the first folder that has it") {
  const TemporaryFolder folder;
  write(folder / "a/index.html", "a: {% include 'parts/foot.html' %}");
  write(folder / "b/index.html", "b");
  write(folder / "b/parts/foot.html", "foot");
  TemplateFolders folders({folder / "none", folder / "a", folder / "b"});
  CHECK(page(folders, "index.html") == "a: foot");
  CHECK(page(folders, "other.html") == "none");
  CHECK(page(folders, "parts") == "none");
  write(folder / "none/index.html", "first");
  CHECK(page(folders, "index.html") == "first");
  std::filesystem::remove_all(folder / "none");
  let_look_again();
  CHECK(page(folders, "index.html") == "a: foot");
}

TEST_CASE("a name never leads out of the folder") {
  const TemporaryFolder folder;
  write(folder / "secret", "secret");
  write(folder / "www/page", "page");
  write(folder / "www/sub/page", "sub");
  TemplateFolders folders({folder / "www"});
  CHECK(page(folders, "page") == "page");
  CHECK(page(folders, "sub/page") == "sub");
  for (const std::string& name :
       {std::string("../secret"), std::string("sub/../../secret"), std::string("sub/../page"),
        std::string("./page"), (folder / "secret").string(), std::string("/page"), std::string(),
        std::string("sub//page"), std::string("page/"), std::string("page\0x", 6), std::string(".."),
        std::string(5000, 'x')})
    CHECK(page(folders, name) == "none");
}

TEST_CASE("a link may not lead out of the folder") {
  const TemporaryFolder folder;
  write(folder / "secret", "secret");
  write(folder / "www-other/page", "other");
  write(folder / "www/page", "page");
  std::filesystem::create_symlink(folder / "secret", folder / "www/link");
  std::filesystem::create_symlink("../www-other", folder / "www/folder");
  std::filesystem::create_symlink("page", folder / "www/inside");
  std::filesystem::create_symlink(folder / "www", folder / "linked");
  TemplateFolders folders({folder / "www"});
  CHECK(page(folders, "inside") == "page");
  CHECK_THAT(test::message_of([&] { folders.load("link"); }), Catch::Contains("is a link that leads out of"));
  CHECK_THAT(test::message_of([&] { folders.load("folder/page"); }),
             Catch::Contains("is a link that leads out of"));
  TemplateFolders linked({folder / "linked"});
  CHECK(page(linked, "page") == "page");
  CHECK(page(linked, "inside") == "page");

  std::filesystem::remove(folder / "www/inside");
  std::filesystem::create_symlink(folder / "secret", folder / "www/inside");
  let_look_again();
  CHECK_THAT(test::message_of([&] { folders.load("inside"); }),
             Catch::Contains("is a link that leads out of"));
}

TEST_CASE("what is no file is no template") {
  const TemporaryFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  TemplateFolders folders({folder.path()});
  CHECK(page(folders, "pipe") == "none");
}

TEST_CASE("a template is compiled once, and again when its file has changed") {
  const TemporaryFolder folder;
  write_at(folder / "page", "one", 1000);
  TemplateFolders folders({folder.path()});
  const auto first = folders.load("page");
  CHECK(folders.load("page") == first);
  write_at(folder / "page", "two", 1001);
  CHECK(page(folders, "page") == "two");
  CHECK(render(first, {}, folders) == "one");
  write_at(folder / "page", "three", 1001);
  CHECK(page(folders, "page") == "three");
  write_at(folder / "other", "swap!", 1001);
  std::filesystem::rename(folder / "other", folder / "page");
  let_look_again();
  CHECK(page(folders, "page") == "swap!");
}

TEST_CASE("what is wrong in a file is named with its path") {
  const TemporaryFolder folder;
  write_at(folder / "page", "\n{% if %}", 1000);
  TemplateFolders folders({folder.path()});
  const std::string message = (folder / "page").string() + ":2:7: an expression is missing before '%}'";
  CHECK(test::message_of([&] { folders.load("page"); }) == message);
  CHECK(test::message_of([&] { folders.load("page"); }) == message);
  write_at(folder / "page", "good", 1001);
  CHECK(page(folders, "page") == "good");
}

TEST_CASE("many threads may render while files change") {
  const TemporaryFolder folder;
  write(folder / "base", "[{% block a %}{% endblock %}]");
  write(folder / "page", "{% extends 'base' %}{% block a %}x{% endblock %}");
  TemplateFolders folders({folder.path()});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int turn = 0; turn < 300; ++turn)
        if (page(folders, "page") != "[x]") ++wrong;
    });
  for (int turn = 0; turn < 100; ++turn) {
    write(folder / "new", "[{% block a %}{% endblock %}]");
    std::filesystem::rename(folder / "new", folder / "base");
  }
  threads.clear();
  CHECK(wrong == 0);
}
