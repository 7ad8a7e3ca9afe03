#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

std::string words(Database& database) {
  return to_text(database.query("SELECT words FROM t").at(0).at(0));
}

std::unique_ptr<Scratch> loaded_scratch(const SiteDatabase& settings, const std::filesystem::path& folder) {
  auto scratch = get_backend(settings.app.db_type).make_scratch(settings, {}, folder, "swap");
  scratch->connection().execute("CREATE TABLE t (words TEXT)");
  scratch->connection().execute("INSERT INTO t VALUES ('new')");
  return scratch;
}

}  // namespace

TEST_CASE("the scratch takes the place of the live database, for its readers too") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    const bool has_server = get_backend(row.db_type).has_server;
    const auto run = test::open(settings);
    run->execute("CREATE TABLE t (words TEXT)");
    run->execute("INSERT INTO t VALUES ('old')");
    const auto fence = get_backend(row.db_type).make_fence(settings, run.get());
    nlohmann::json saved = nlohmann::json::array();
    fence->enter({}, [&saved](const nlohmann::json& inverse) { saved.push_back(inverse); });
    auto reader = test::open_as_app(settings, Access::read_only);
    {
      const auto scratch = loaded_scratch(settings, folder.path());
      int kept = 0;
      scratch->swap_in(*run, [&] {
        ++kept;
        CHECK(words(*reader) == "old");
      });
      CHECK(kept == 1);
    }
    // A server ends the sessions of a database that gets another name.
    if (has_server) reader = test::open_as_app(settings, Access::read_only);
    CHECK(words(*reader) == "new");
    CHECK(words(*run) == "new");
    if (has_server)
      CHECK_THROWS_WITH(test::open_as_app(settings)->execute("UPDATE t SET words = 'in the window'"),
                        Catch::Contains("denied"));
    fence->lift(saved);
    CHECK(words(*test::open(settings)) == "new");
    CHECK_NOTHROW(test::open_as_app(settings)->execute("UPDATE t SET words = 'lifted'"));
    if (has_server) continue;
    CHECK(to_text(test::open(settings)->query("PRAGMA journal_mode").at(0).at(0)) == "wal");
    std::size_t left = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++left;
    CHECK(left == 1);
  }
}

TEST_CASE("what somebody writes while the scratch is swapped in is kept before it is replaced") {
  for (const TestDatabase& row : test_databases()) {
    if (get_backend(row.db_type).features.fence_life != Features::FenceLife::connection) continue;
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    const auto run = test::open(settings);
    run->execute("CREATE TABLE t (words TEXT)");
    run->execute("INSERT INTO t VALUES ('old')");
    const auto fence = get_backend(row.db_type).make_fence(settings, run.get());
    fence->enter({}, [](const nlohmann::json&) {});
    const auto scratch = loaded_scratch(settings, folder.path());
    std::vector<std::string> kept;
    // Lifting the fence inside `keep` stands for a writer that is quicker than the swap.
    scratch->swap_in(*run, [&] {
      const auto other = test::open(settings);
      kept.push_back(words(*other));
      if (kept.size() > 1) return;
      fence->lift(nlohmann::json::array());
      other->execute("UPDATE t SET words = 'slipped in'");
    });
    CHECK(kept == std::vector<std::string>{"old", "slipped in"});
    CHECK(words(*test::open(settings)) == "new");
  }
}
