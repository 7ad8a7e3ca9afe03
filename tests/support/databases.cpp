#include "support/databases.hpp"

namespace bench::test {

namespace {

SiteDatabase sqlite_settings(const std::filesystem::path& folder) {
  ConnectionSettings settings;
  settings.db_type = "sqlite";
  settings.name = "site";
  settings.file = folder / "db" / "site.db";
  return {.app = settings, .admin = {}};
}

}  // namespace

const std::vector<TestDatabase>& test_databases() {
  static const std::vector<TestDatabase> databases{{"sqlite", sqlite_settings}};
  return databases;
}

SiteDatabase make_database(const TestDatabase& row, const std::filesystem::path& folder) {
  SiteDatabase database = row.settings(folder);
  get_backend(row.db_type).create_database(database);
  return database;
}

std::unique_ptr<Database> open(const SiteDatabase& database, Access access) {
  return get_backend(database.app.db_type).connect(database.for_changes(), {access, {}});
}

std::unique_ptr<Database> open_as_app(const SiteDatabase& database, Access access) {
  return get_backend(database.app.db_type).connect(database.app, {access, {}});
}

}  // namespace bench::test
