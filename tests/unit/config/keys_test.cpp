#include "config/keys.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace bench;

TEST_CASE("each key is in the table once, with a meaning") {
  std::set<std::string_view> names;
  for (const ConfigKey& key : config_keys()) {
    CAPTURE(key.name);
    CHECK(names.insert(key.name).second);
    CHECK_FALSE(key.meaning.empty());
    CHECK((key.values.empty() || key.type == KeyType::string));
  }
}

TEST_CASE("known keys have their types") {
  REQUIRE(find_config_key("db_port") != nullptr);
  CHECK(find_config_key("db_port")->type == KeyType::port);
  CHECK(find_config_key("maintenance_mode")->type == KeyType::boolean);
  CHECK(find_config_key("backup")->type == KeyType::object);
  CHECK(find_config_key("installed_apps")->type == KeyType::names);
  CHECK(find_config_key("migrate_backup")->type == KeyType::string);
  CHECK(find_config_key("DB_PORT") == nullptr);
  CHECK(find_config_key("") == nullptr);
}

TEST_CASE("secrets are known by the table, and else by their names") {
  for (const char* name :
       {"db_password", "root_password", "encryption_key", "backup_encryption_key", "replica_db_password",
        "mail_password", "stripe_secret", "GITHUB_TOKEN", "s3_key", "smtp_Password", "apikey"}) {
    CAPTURE(name);
    CHECK(is_secret_key(name));
  }
  for (const char* name :
       {"db_name", "db_ssl_key", "host_name", "ssl_certificate_key", "keyboard", "", "key"}) {
    CAPTURE(name);
    CHECK_FALSE(is_secret_key(name));
  }
}

TEST_CASE("an unknown key that looks like a known one is recognized") {
  CHECK(similar_config_key("maintenence_mode") == "maintenance_mode");
  CHECK(similar_config_key("db_prot") == "db_port");
  CHECK(similar_config_key("db_port") == std::nullopt);
  CHECK(similar_config_key("something_else_entirely") == std::nullopt);
}

TEST_CASE("what a key expects is said in words") {
  CHECK(expectation(*find_config_key("db_port")) == "a port, 1 to 65535");
  CHECK(expectation(*find_config_key("hook_timeout")) == "a whole number");
  CHECK(expectation(*find_config_key("installed_apps")) == "a list of names");
  CHECK(expectation(*find_config_key("maintenance_mode")) == "0 or 1");
  CHECK(expectation(*find_config_key("db_name")) == "text");
  CHECK(expectation(*find_config_key("backup")) == "an object");
  CHECK(expectation(*find_config_key("allow_cors")) == "any value");
  CHECK(expectation(*find_config_key("backup_compression")) == "one of 'gzip', 'zstd'");
}
