#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "database/backend.hpp"

namespace bench::test {

/// One row per database that the contract suite runs on: how a test gets an empty database of its own.
struct TestDatabase {
  std::string db_type;
  /// Settings of a database that does not exist yet; `folder` belongs to the test.
  ConnectionSettings (*settings)(const std::filesystem::path& folder);
};
const std::vector<TestDatabase>& test_databases();

/// An empty database, created.
ConnectionSettings make_database(const TestDatabase& database, const std::filesystem::path& folder);
std::unique_ptr<Database> open(const ConnectionSettings& settings, Access access = Access::read_write);

}  // namespace bench::test
