#include "config/site_config.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

SiteConfig read(const std::string& text) {
  return SiteConfig::parse(text, "/s/site_config.json");
}

}  // namespace

TEST_CASE("values are read by type") {
  const auto config = read(R"({"s": "\u00e9", "i": -12, "digits": "3306", "t": true, "f": false, "n": null,
                              "big": 12345678901234567890123, "o": {"x": [1]}})");
  CHECK(config.string("s") == "\xc3\xa9");
  CHECK(config.integer("i") == -12);
  CHECK(config.integer("digits") == 3306);
  CHECK(config.integer("t") == 1);
  CHECK(config.integer("f") == 0);
  CHECK(config.integer("n") == std::nullopt);
  CHECK(config.string("n") == std::nullopt);
  CHECK(config.string("absent") == std::nullopt);
  CHECK(config.has("n"));
  CHECK_FALSE(config.has("absent"));
  CHECK(config.raw("big") == "12345678901234567890123");
  CHECK(config.raw("absent") == std::nullopt);
  CHECK(config.json("o") == nlohmann::json{{"x", {1}}});
  CHECK(config.json("absent") == std::nullopt);
}

TEST_CASE("flags are read in all ways that Frappe's files hold them") {
  const auto config =
      read(R"({"a": 1, "b": true, "c": "1", "d": "true", "e": 0, "f": false, "g": "0", "h": "false",
                              "i": null})");
  for (const char* key : {"a", "b", "c", "d"}) CHECK(config.flag(key));
  for (const char* key : {"e", "f", "g", "h", "i", "absent"}) CHECK_FALSE(config.flag(key));
}

TEST_CASE("a value of another type is an error that names file and key") {
  const auto config = read(R"({"a": "x", "b": 2, "c": 1.5, "big": 12345678901234567890123, "e": ""})");
  CHECK(message_of([&] { config.string("b"); }) == "/s/site_config.json: 'b' must be text");
  CHECK(message_of([&] { config.integer("a"); }) == "/s/site_config.json: 'a' must be an integer");
  CHECK(message_of([&] { config.integer("c"); }) == "/s/site_config.json: 'c' must be an integer");
  CHECK(message_of([&] { config.integer("big"); }) == "/s/site_config.json: 'big' must be an integer");
  CHECK(message_of([&] { config.integer("e"); }) == "/s/site_config.json: 'e' must be an integer");
  CHECK(message_of([&] { config.flag("b"); }) == "/s/site_config.json: 'b' must be 0 or 1");
  CHECK(error_of([&] { config.flag("b"); })->kind() == Kind::configuration);
}

TEST_CASE("typed changes are written as Frappe writes them") {
  auto config = read("{\n \"z\": 1.10\n}");
  config.set_string("name", "caf\xc3\xa9 \"x\"");
  config.set_integer("port", -5);
  config.set_raw("list", "[1]");
  CHECK(config.text() ==
        "{\n \"z\": 1.10,\n \"name\": \"caf\\u00e9 \\\"x\\\"\",\n \"port\": -5,\n \"list\": [1]\n}");
  config.remove("z");
  CHECK(config.keys() == std::vector<std::string>{"name", "port", "list"});
}

TEST_CASE("a file is loaded; none reads as an empty object; a bad one is refused") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "good.json", "{\"a\": 1}");
  write_file_atomically(folder / "bad.json", "{\"a\": 1");
  CHECK(SiteConfig::load(folder / "good.json").integer("a") == 1);
  CHECK(SiteConfig::load(folder / "none.json").text() == "{}");
  const auto error = error_of([&] { SiteConfig::load(folder / "bad.json"); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::configuration);
  CHECK(std::string(error->what()) ==
        (folder / "bad.json").string() + ":1:8: not valid JSON: unexpected end of input; expected '}'");
}

TEST_CASE("secrets are masked, also inside objects and URLs") {
  CHECK(masked("db_password", "\"x\"") == "\"********\"");
  CHECK(masked("db_name", "\"x\\u00e9\"") == "\"x\\u00e9\"");
  CHECK(masked("price", "1.10") == "1.10");
  CHECK(masked("s3", R"({"bucket": "b", "secret": "x", "list": [{"api_key": 1}]})") ==
        R"({"bucket":"b","secret":"********","list":[{"api_key":"********"}]})");
  CHECK(masked("s3", R"({"bucket": 1.10})") == R"({"bucket": 1.10})");
  CHECK(masked("redis_cache", "\"redis://:pw@host:1/0\"") == "\"redis://:********@host:1/0\"");
  CHECK(masked("redis_cache", "\"redis://user:p@w@host:1\"") == "\"redis://user:********@host:1\"");
  CHECK(masked("redis_cache", "\"redis://host:13000\"") == "\"redis://host:13000\"");
  CHECK(masked("host_name", "\"https://user@host\"") == "\"https://user@host\"");
}
