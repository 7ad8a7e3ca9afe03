#include "support/databases.hpp"

#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace bench::test {

namespace {

SiteDatabase sqlite_settings(const std::filesystem::path& folder) {
  ConnectionSettings settings;
  settings.db_type = "sqlite";
  settings.name = "site";
  settings.file = folder / "db" / "site.db";
  return {.app = settings, .admin = {}};
}

// What ctest's fixture `servers` has started; empty outside of it.
std::filesystem::path server_folder(std::string_view db_type) {
  const char* servers = std::getenv("BENCH_TEST_SERVERS");
  return servers == nullptr ? std::filesystem::path() : std::filesystem::path(servers) / db_type;
}

SiteDatabase mariadb_settings(const std::filesystem::path&) {
  ConnectionSettings app;
  app.db_type = "mariadb";
  app.socket = read_file(server_folder("mariadb") / "socket");
  app.socket.erase(app.socket.find_last_not_of('\n') + 1);
  // With a wildcard of grants in it.
  app.name = "test_" + random_hex(6);
  app.user = app.name;
  app.password = "its'a\\secret";
  ConnectionSettings admin = app;
  admin.user = "root";
  admin.password.clear();
  return {.app = app, .admin = admin};
}

SiteDatabase postgres_settings(const std::filesystem::path&) {
  ConnectionSettings app;
  app.db_type = "postgres";
  app.socket = std::filesystem::read_symlink(server_folder("postgres") / "socket").string();
  // With characters that must be quoted.
  app.name = "Test's " + random_hex(6);
  app.user = app.name;
  app.password = "its'a\\secret";
  ConnectionSettings admin = app;
  admin.user = "postgres";
  admin.password.clear();
  return {.app = app, .admin = admin};
}

std::vector<SiteDatabase>& made_databases() {
  static std::vector<SiteDatabase> databases;
  return databases;
}

/// Drops what a case has made on servers, once its connections are closed.
struct DropDatabases : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testCaseEnded(const Catch::TestCaseStats&) override {
    for (const SiteDatabase& database : made_databases())
      get_backend(database.app.db_type).drop_database(database);
    made_databases().clear();
  }
};
CATCH_REGISTER_LISTENER(DropDatabases)

std::vector<TestDatabase> all_databases() {
  std::vector<TestDatabase> databases{{"sqlite", sqlite_settings}};
  if (std::filesystem::exists(server_folder("mariadb") / "socket"))
    databases.push_back({"mariadb", mariadb_settings});
  if (std::filesystem::exists(server_folder("postgres") / "socket"))
    databases.push_back({"postgres", postgres_settings});
  return databases;
}

}  // namespace

const std::vector<TestDatabase>& test_databases() {
  static const std::vector<TestDatabase> databases = all_databases();
  return databases;
}

const TestDatabase* find_test_database(std::string_view db_type) {
  for (const TestDatabase& database : test_databases())
    if (database.db_type == db_type) return &database;
  return nullptr;
}

const TestDatabase& get_test_database(std::string_view db_type) {
  const TestDatabase* database = find_test_database(db_type);
  REQUIRE(database != nullptr);
  return *database;
}

OpenDatabase::OpenDatabase(std::string_view db_type)
    : settings(make_database(get_test_database(db_type), folder.path())), admin(open(settings)) {}

SiteDatabase make_database(const TestDatabase& row, const std::filesystem::path& folder) {
  SiteDatabase database = row.settings(folder);
  get_backend(row.db_type).create_database(database, AppAccount::must_be_new, [] {});
  if (get_backend(row.db_type).has_server) made_databases().push_back(database);
  return database;
}

std::unique_ptr<Database> open(const SiteDatabase& database, Access access) {
  return get_backend(database.app.db_type).connect(database.for_changes(), {access, {}});
}

std::unique_ptr<Database> open_as_app(const SiteDatabase& database, Access access) {
  return get_backend(database.app.db_type).connect(database.app, {access, {}});
}

}  // namespace bench::test
