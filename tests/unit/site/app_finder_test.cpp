#include <catch2/catch.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "site/app.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;

namespace {

struct Place {
  test::TemporaryFolder folder;
  AppFinder finder{folder / "bench", folder / "installed"};

  void add(const std::string& path) const {
    make_folders((folder / path).parent_path());
    write_file_atomically(folder / path, path.ends_with("app.yaml") ? "version: 1.10\n" : "");
  }
};

}  // namespace

TEST_CASE("an app is found at the first of its places") {
  const Place place;
  const std::vector<std::string> places = {"installed/shop", "bench/schema/shop", "bench/apps/shop/shop",
                                           "bench/apps/shop"};
  CHECK(place.finder.find("shop") == std::nullopt);
  for (const auto& path : places) {
    place.add(path + "/patches.txt");
    REQUIRE(place.finder.find("shop"));
    CHECK(place.finder.find("shop")->folder == place.folder / path);
  }
}

TEST_CASE("a folder without app.yaml or patches.txt is no app") {
  const Place place;
  make_folders(place.folder / "bench/apps/shop");
  CHECK(place.finder.find("shop") == std::nullopt);
  place.add("bench/apps/shop/app.yaml");
  CHECK(place.finder.get("shop").version == "1.10");
}

TEST_CASE("an app's name leads to no other folder") {
  const Place place;
  place.add("bench/patches.txt");
  place.add("bench/apps/shop/patches.txt");
  for (const char* name : {"..", ".", "", "../apps/shop", "shop/", "-shop"}) {
    CAPTURE(name);
    CHECK(place.finder.find(name) == std::nullopt);
  }
}

TEST_CASE("available apps are sorted, each once") {
  const Place place;
  CHECK(place.finder.available().empty());
  place.add("installed/core/app.yaml");
  place.add("installed/shop/app.yaml");
  place.add("bench/apps/shop/shop/patches.txt");
  place.add("bench/schema/blog/patches.txt");
  make_folders(place.folder / "bench/apps/not_an_app");
  write_file_atomically(place.folder / "bench/apps/README.md", "");
  CHECK(place.finder.available() == std::vector<std::string>{"blog", "core", "shop"});
}

TEST_CASE("an app that is not found is an error with a suggestion") {
  const Place place;
  place.add("installed/shop/app.yaml");
  const auto error = error_of([&] { place.finder.get("shpo"); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::configuration);
  CHECK(std::string(error->what()) == "there is no app 'shpo'");
  CHECK(error->hint() == "did you mean 'shop'?");
  CHECK(error_of([&] { place.finder.get("accounting"); })->hint() ==
        "put the app into " + (place.folder / "bench/apps").string());
}

TEST_CASE("the installed schema lies beside the program's bin folder") {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  CHECK(AppFinder::installed_schema() == program.parent_path().parent_path() / "share/bench/schema");
}
