#include <catch2/catch.hpp>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "config/site_config.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::message_of;

namespace {

LayeredConfig layers(const std::string& common, const std::string& site,
                     const std::map<std::string, std::string>& environment = {}) {
  return LayeredConfig(SiteConfig::parse(common, "common"), SiteConfig::parse(site, "site"), environment);
}

}  // namespace

TEST_CASE("the site's value hides the common one, and the environment both") {
  const auto config =
      layers(R"({"db_host": "c", "db_name": "c", "a": {"x": 1, "y": 2}, "only": 1.10})",
             R"({"db_host": "s", "a": {"x": 3}})", {{"FRAPPE_DB_HOST", "e"}, {"HOME", "/root"}});
  CHECK(config.string("db_host") == "e");
  CHECK(config.string("db_name") == "c");
  CHECK(config.raw("a") == R"({"x": 3})");
  CHECK(config.raw("only") == "1.10");
  CHECK(config.raw("HOME") == std::nullopt);
  CHECK(config.keys() == std::vector<std::string>{"db_host", "db_name", "a", "only"});
  CHECK(config.site().string("db_host") == "s");
  CHECK(config.common().string("db_host") == "c");
  CHECK(config.json("a") == nlohmann::json{{"x", 3}});
}

TEST_CASE("every variable of the environment reaches its key; an empty one is none") {
  const auto config = layers("{}", R"({"db_name": "n"})",
                             {{"FRAPPE_DB_TYPE", "postgres"},
                              {"FRAPPE_DB_SOCKET", "/s"},
                              {"FRAPPE_DB_HOST", "h"},
                              {"FRAPPE_DB_PORT", "1234"},
                              {"FRAPPE_DB_USER", "u"},
                              {"FRAPPE_DB_PASSWORD", "p"},
                              {"FRAPPE_DB_NAME", ""}});
  CHECK(config.string("db_type") == "postgres");
  CHECK(config.string("db_socket") == "/s");
  CHECK(config.string("db_host") == "h");
  CHECK(config.integer("db_port") == 1234);
  CHECK(config.string("db_user") == "u");
  CHECK(config.string("db_password") == "p");
  CHECK(config.string("db_name") == "n");
}

TEST_CASE("what nobody says has Frappe's defaults") {
  const auto config = layers("{}", R"({"db_name": "n"})");
  CHECK(config.string("db_type") == "mariadb");
  CHECK(config.string("db_host") == "127.0.0.1");
  CHECK(config.integer("db_port") == 3306);
  CHECK(config.string("db_user") == "n");
  CHECK(config.keys() == std::vector<std::string>{"db_name"});
  CHECK(config.string("db_socket") == std::nullopt);
  CHECK_FALSE(config.flag("maintenance_mode"));
  CHECK(layers(R"({"db_type": "postgres"})", "{}").integer("db_port") == 5432);
  CHECK(layers("{}", R"({"db_type": "sqlite"})").integer("db_port") == std::nullopt);
  CHECK(layers("{}", "{}").string("db_user") == std::nullopt);
}

TEST_CASE("a null hides the common value and lets the default show") {
  const auto config = layers(R"({"db_host": "c", "x": "y"})", R"({"db_host": null, "x": null})");
  CHECK(config.string("db_host") == "127.0.0.1");
  CHECK(config.string("x") == std::nullopt);
  CHECK(config.raw("x") == "null");
}

TEST_CASE("an error names the layer that the value comes from") {
  CHECK(message_of([] { layers(R"({"db_port": "x"})", "{}").integer("db_port"); }) ==
        "common: 'db_port' must be an integer");
  CHECK(message_of([] {
          layers("{}", "{}", {{"FRAPPE_DB_PORT", "x"}}).integer("db_port");
        }) == "the environment (FRAPPE_DB_*): 'db_port' must be an integer");
}

TEST_CASE("layers are loaded from their files and the process's environment") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "common.json", R"({"db_host": "c", "a": 1})");
  write_file_atomically(folder / "site.json", R"({"db_host": "s"})");
  unsetenv("FRAPPE_DB_HOST");
  CHECK(LayeredConfig::load(folder / "common.json", folder / "site.json").string("db_host") == "s");
  setenv("FRAPPE_DB_HOST", "e", 1);
  const auto config = LayeredConfig::load(folder / "common.json", folder / "site.json");
  unsetenv("FRAPPE_DB_HOST");
  CHECK(config.string("db_host") == "e");
  CHECK(config.integer("a") == 1);
  CHECK(LayeredConfig::load(folder / "none", folder / "none").keys().empty());
}
