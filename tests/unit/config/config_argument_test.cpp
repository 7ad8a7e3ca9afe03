#include <catch2/catch.hpp>

#include "config/site_config.hpp"
#include "support/errors.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

std::optional<std::string> plain(std::string_view key, std::string_view argument) {
  return config_value_from_argument(key, argument, ValueSyntax::plain);
}

std::optional<std::string> literal(std::string_view key, std::string_view argument) {
  return config_value_from_argument(key, argument, ValueSyntax::literal);
}

}  // namespace

TEST_CASE("a plain value of an unknown key is read as Frappe does") {
  CHECK(plain("my_key", "0") == "0");
  CHECK(plain("my_key", "1") == "1");
  CHECK(plain("my_key", "2") == "\"2\"");
  CHECK(plain("my_key", "true") == "true");
  CHECK(plain("my_key", "false") == "false");
  CHECK(plain("my_key", "True") == "\"True\"");
  CHECK(plain("my_key", "None") == std::nullopt);
  CHECK(plain("my_key", "null") == "\"null\"");
  CHECK(plain("my_key", "") == "\"\"");
  CHECK(plain("my_key", "a \"b\" \xc3\xa9") == R"("a \"b\" \u00e9")");
}

TEST_CASE("a plain value of a known key gets the key's type") {
  CHECK(plain("db_port", "3307") == "3307");
  CHECK(plain("db_port", "003307") == "3307");
  CHECK(plain("db_port", "None") == std::nullopt);
  CHECK(plain("maintenance_mode", "1") == "1");
  CHECK(plain("maintenance_mode", "true") == "true");
  CHECK(plain("db_password", "1") == "\"1\"");
  CHECK(plain("db_password", "true") == "\"true\"");
  CHECK(plain("migrate_backup", "before,after") == "\"before,after\"");
  CHECK(plain("allow_cors", "*") == "\"*\"");
  CHECK(literal("installed_apps", "('core', 'demo')") == R"(["core", "demo"])");
}

TEST_CASE("a value that does not fit its key is a usage error that says what is expected") {
  for (const char* wrong : {"abc", "true", "", "0", "-1", "65536", "99999999999999999999"})
    CHECK(message_of([wrong] { plain("db_port", wrong); }) == "'db_port' must be a port, 1 to 65535");
  for (const char* wrong : {"abc", "true", "", "-1", "99999999999999999999"})
    CHECK(message_of([wrong] { plain("hook_timeout", wrong); }) == "'hook_timeout' must be a whole number");
  CHECK(message_of([] { plain("installed_apps", "demo"); }) == "'installed_apps' must be a list of names");
  CHECK(message_of([] { literal("installed_apps", "['demo', 1]"); }) ==
        "'installed_apps' must be a list of names");
  CHECK(message_of([] { plain("maintenance_mode", "on"); }) == "'maintenance_mode' must be 0 or 1");
  CHECK(message_of([] { plain("backup", "x"); }) == "'backup' must be an object");
  CHECK(message_of([] { plain("backup_compression", "rar"); }) ==
        "'backup_compression' must be one of 'gzip', 'zstd'");
  CHECK(message_of([] { plain("db_type", "oracle"); }) ==
        "'db_type' must be one of 'mariadb', 'postgres', 'sqlite'");
  CHECK(message_of([] { literal("db_password", "123"); }) == "'db_password' must be text");
  CHECK(message_of([] { literal("db_port", "33.0"); }) == "'db_port' must be a port, 1 to 65535");
  CHECK(message_of([] { literal("backup", "[]"); }) == "'backup' must be an object");
  CHECK(error_of([] { plain("db_port", "abc"); })->kind() == Kind::usage);
  CHECK(error_of([] { plain("my_key", "\xff"); })->kind() == Kind::usage);
}

TEST_CASE("a parsed value keeps its numbers, and None is null") {
  CHECK(literal("my_key", "1.10") == "1.10");
  CHECK(literal("my_key", "12345678901234567890123") == "12345678901234567890123");
  CHECK(literal("backup", "{'includes': ['tabA'],}") == R"({"includes": ["tabA"]})");
  CHECK(literal("db_port", "None") == "null");
  CHECK(literal("maintenance_mode", "True") == "true");
}
