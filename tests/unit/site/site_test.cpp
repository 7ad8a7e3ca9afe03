#include "site/site.hpp"

#include <catch2/catch.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

struct Place {
  test::TemporaryFolder folder;
  Site site{folder.path(), folder / "sites/shop.example.com"};
  Place() { make_folders(site.path()); }
  void write(const std::string& config) const { write_file_atomically(site.config_file(), config); }
};

}  // namespace

TEST_CASE("a site knows its name and its paths") {
  const Site site("/b", "/b/sites/shop.example.com");
  CHECK(site.name() == "shop.example.com");
  CHECK(site.bench() == "/b");
  CHECK(site.config_file() == "/b/sites/shop.example.com/site_config.json");
  CHECK(site.config_locks().frappe == "/b/sites/shop.example.com/locks/site_config.lock");
  CHECK(site.config_locks().pilot == "/b/sites/shop.example.com/.site_config.json.lock");
  CHECK(site.operation_lock() == "/b/sites/shop.example.com/locks/bench_migrate.lock");
}

TEST_CASE("the config is layered, and read anew each time") {
  const Place place;
  write_file_atomically(place.folder / "sites/common_site_config.json",
                        R"({"db_name": "c", "max_file_size": 5})");
  place.write(R"({"db_name": "s"})");
  CHECK(place.site.config().string("db_name") == "s");
  CHECK(place.site.config().integer("max_file_size") == 5);
  CHECK(place.site.edit_config([](SiteConfig& config) { config.set_string("db_name", "t"); }));
  CHECK(place.site.config().string("db_name") == "t");
  CHECK(read_file(place.site.config_file()) == R"({"db_name": "t"})");
  CHECK_FALSE(place.site.edit_config([](SiteConfig& config) { config.set_string("db_name", "t"); }));
}

TEST_CASE("core comes first among the installed apps, which keep their order") {
  const Place place;
  CHECK(place.site.installed_apps() == std::vector<std::string>{"core"});
  place.write(R"({"installed_apps": null})");
  CHECK(place.site.installed_apps() == std::vector<std::string>{"core"});
  place.write(R"({"installed_apps": ["shop", "core", "blog"]})");
  CHECK(place.site.installed_apps() == std::vector<std::string>{"core", "shop", "blog"});
}

TEST_CASE("installed apps that are no list of names are an error that names the file") {
  const Place place;
  const std::string value = GENERATE("\"shop\"", "[1]", "{}", "1");
  place.write("{\"installed_apps\": " + value + "}");
  CHECK(error_of([&] { place.site.installed_apps(); })->kind() == Kind::configuration);
  CHECK(message_of([&] { place.site.installed_apps(); }) ==
        place.site.config_file().string() + ": 'installed_apps' must be a list of names");
}
