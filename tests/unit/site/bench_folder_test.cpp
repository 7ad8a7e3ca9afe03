#include "site/bench_folder.hpp"

#include <catch2/catch.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

void add_site(const BenchFolder& bench, const std::string& name) {
  make_folders(bench.sites_folder() / name);
  write_file_atomically(bench.sites_folder() / name / "site_config.json", "{}");
}

}  // namespace

TEST_CASE("a new bench has Frappe's layout and can be found") {
  const test::TemporaryFolder folder;
  const BenchFolder bench = BenchFolder::create(folder / "b");
  CHECK(bench.path() == folder / "b");
  CHECK(read_file(folder / "b/sites/common_site_config.json") == "{}");
  CHECK(read_file(folder / "b/sites/apps.txt") == "");
  for (const char* name : {"apps", "config", "logs", "sites"}) {
    CHECK(std::filesystem::is_directory(bench.path() / name));
  }
  CHECK(bench.site_names().empty());
  CHECK(bench.listed_apps().empty());
  CHECK(bench.common_config().text() == "{}");
  CHECK(bench.common_config_locks().frappe == folder / "b/config/site_config.lock");
  CHECK(bench.common_config_locks().pilot == folder / "b/sites/.common_site_config.json.lock");

  CHECK(BenchFolder::find(folder / "b", "/").path() == folder / "b");
  CHECK(BenchFolder::find(folder / "b/sites/..", "/").path() == folder / "b");
  CHECK(BenchFolder::find(std::nullopt, folder / "b").path() == folder / "b");
  make_folders(folder / "b/sites/s/private");
  CHECK(BenchFolder::find(std::nullopt, folder / "b/sites/s/private").path() == folder / "b");
}

TEST_CASE("a path through a link leads where the system says") {
  const test::TemporaryFolder folder;
  BenchFolder::create(folder / "b");
  std::filesystem::create_directory_symlink("b/sites", folder / "link");
  std::filesystem::create_directory_symlink("b", folder / "same");
  CHECK(BenchFolder::find(folder / "link/..", "/").path() == folder / "b");
  CHECK(BenchFolder::find(folder / "same/.", "/").path() == folder / "same");
}

TEST_CASE("a folder that is a bench or holds something is not made one") {
  const test::TemporaryFolder folder;
  BenchFolder::create(folder / "b");
  CHECK(message_of([&] { BenchFolder::create(folder / "b"); }) ==
        "'" + (folder / "b").string() + "' is a bench already");
  make_folders(folder / "full/other");
  CHECK(message_of([&] { BenchFolder::create(folder / "full"); }) ==
        "'" + (folder / "full").string() + "' is not empty");
  CHECK(error_of([&] { BenchFolder::create(folder / "full"); })->kind() == Kind::usage);
  CHECK_FALSE(std::filesystem::exists(folder / "full/sites"));
  make_folders(folder / "apps/apps/somebody");
  CHECK(error_of([&] { BenchFolder::create(folder / "apps"); })->kind() == Kind::usage);
}

TEST_CASE("an interrupted init can be run again") {
  const test::TemporaryFolder folder;
  make_folders(folder / "b/apps");
  make_folders(folder / "b/sites");
  CHECK(BenchFolder::create(folder / "b").path() == folder / "b");
}

TEST_CASE("without a bench there is an error, not a guess") {
  const test::TemporaryFolder folder;
  CHECK(message_of([&] { BenchFolder::find(folder.path(), "/"); }) ==
        "'" + folder.path().string() +
            "' is not a bench: it has no sites/common_site_config.json and no sites/apps.txt");
  CHECK(message_of([&] { BenchFolder::find(std::nullopt, folder.path()); }) ==
        "there is no bench in or above '" + folder.path().string() + "'");
  CHECK(error_of([&] { BenchFolder::find(std::nullopt, folder.path()); })->kind() == Kind::configuration);
}

TEST_CASE("sites are real folders with a site_config.json, sorted") {
  const test::TemporaryFolder folder;
  const BenchFolder bench = BenchFolder::create(folder / "b");
  add_site(bench, "zoo");
  add_site(bench, "a.example.com");
  add_site(bench, ".new");
  make_folders(bench.sites_folder() / "assets");
  std::filesystem::create_directory_symlink("zoo", bench.sites_folder() / "link");
  CHECK(bench.site_names() == std::vector<std::string>{"a.example.com", "zoo"});
  CHECK(bench.has_site("zoo"));
  for (const char* name :
       {"link", ".new", "assets", "none", "", ".", "..", "../sites/zoo", "zoo/", "./zoo"}) {
    CAPTURE(name);
    CHECK_FALSE(bench.has_site(name));
  }
  CHECK(bench.site("zoo").path() == folder / "b/sites/zoo");
}

TEST_CASE("a site that does not exist is refused with a suggestion") {
  const test::TemporaryFolder folder;
  const BenchFolder bench = BenchFolder::create(folder / "b");
  add_site(bench, "shop.example.com");
  const auto near = error_of([&] { bench.site("shop.exmaple.com"); });
  REQUIRE(near);
  CHECK(near->kind() == Kind::configuration);
  CHECK(std::string(near->what()) ==
        "there is no site 'shop.exmaple.com' in " + bench.sites_folder().string());
  CHECK(near->hint() == "did you mean 'shop.example.com'?");
  CHECK(error_of([&] { bench.site("qqqqqqqq"); })->hint() ==
        "see which sites there are with 'bench list-sites'");
}

TEST_CASE("apps.txt is read line by line") {
  const test::TemporaryFolder folder;
  const BenchFolder bench = BenchFolder::create(folder / "b");
  write_file_atomically(bench.sites_folder() / "apps.txt", "frappe\r\n\n  shop \n# not this\nlast");
  CHECK(bench.listed_apps() == std::vector<std::string>{"frappe", "shop", "last"});
  remove_all(bench.sites_folder() / "apps.txt");
  CHECK(bench.listed_apps().empty());
}

TEST_CASE("site names are checked") {
  for (const std::string name : {"a", "shop.example.com", "_x", "A-1_b", "1", "x.", "alle"}) {
    CAPTURE(name);
    CHECK_NOTHROW(check_site_name(name));
  }
  CHECK_NOTHROW(check_site_name(std::string(100, 'a')));
  for (const std::string& name :
       std::vector<std::string>{"", ".", "..", ".a", "-a", "a/b", "a..b", "a b", "all", "assets",
                                "caf\xc3\xa9", "a\n", std::string("a\0b", 3), std::string(101, 'a'), "a*"}) {
    CAPTURE(name);
    const auto error = error_of([&] { check_site_name(name); });
    REQUIRE(error);
    CHECK(error->kind() == Kind::usage);
  }
}
