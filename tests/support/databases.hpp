#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "database/backend.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

/// One row per database that the contract suite runs on: how a test gets an empty database of its own.
struct TestDatabase {
  std::string db_type;
  /// A database that does not exist yet, with its accounts; `folder` belongs to the test.
  SiteDatabase (*settings)(const std::filesystem::path& folder);
};
const std::vector<TestDatabase>& test_databases();
/// nullptr when the tests run without such a server.
const TestDatabase* find_test_database(std::string_view db_type);
/// Fails the case instead.
const TestDatabase& get_test_database(std::string_view db_type);

/// An empty database, created; what a server holds of it is dropped when the test case ends.
SiteDatabase make_database(const TestDatabase& database, const std::filesystem::path& folder);
/// A connection for changes.
std::unique_ptr<Database> open(const SiteDatabase& database, Access access = Access::read_write);
/// A connection of the app's account.
std::unique_ptr<Database> open_as_app(const SiteDatabase& database, Access access = Access::read_write);

/// An empty database of one type, and a connection for changes.
struct OpenDatabase {
  explicit OpenDatabase(std::string_view db_type);
  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> admin;
};

}  // namespace bench::test
