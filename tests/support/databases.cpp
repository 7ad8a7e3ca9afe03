#include "support/databases.hpp"

namespace bench::test {

namespace {

ConnectionSettings sqlite_settings(const std::filesystem::path& folder) {
  ConnectionSettings settings;
  settings.db_type = "sqlite";
  settings.name = "site";
  settings.file = folder / "db" / "site.db";
  return settings;
}

}  // namespace

const std::vector<TestDatabase>& test_databases() {
  static const std::vector<TestDatabase> databases{{"sqlite", sqlite_settings}};
  return databases;
}

ConnectionSettings make_database(const TestDatabase& database, const std::filesystem::path& folder) {
  ConnectionSettings settings = database.settings(folder);
  get_backend(database.db_type).create_database(settings);
  return settings;
}

std::unique_ptr<Database> open(const ConnectionSettings& settings, Access access) {
  return get_backend(settings.db_type).connect(settings, {access, {}});
}

}  // namespace bench::test
