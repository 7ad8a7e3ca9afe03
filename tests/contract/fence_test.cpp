#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

/// A site's database with one table, its run connection and the fence around it.
struct Fenced {
  explicit Fenced(const TestDatabase& row)
      : settings(make_database(row, folder.path())), run(test::open(settings)) {
    run->execute("CREATE TABLE t (id INTEGER)");
    fence = get_backend(row.db_type).make_fence(settings, run.get());
  }
  FenceReport enter(std::chrono::milliseconds drain_timeout = std::chrono::seconds(5)) {
    return fence->enter({drain_timeout, FenceOptions::Writers::wait_for},
                        [this](const nlohmann::json& inverse) { saved.push_back(inverse); });
  }
  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> run;
  std::unique_ptr<Fence> fence;
  nlohmann::json saved = nlohmann::json::array();
};

// The app does not wait for the fence: it wants to know at once.
void try_to_write(const SiteDatabase& settings, const std::string& table = "t") {
  const Backend& backend = get_backend(settings.app.db_type);
  std::function<bool()> at_once;
  if (!backend.has_server) at_once = [] { return true; };
  const auto app = backend.connect(settings.app, {Access::read_write, at_once});
  app->execute("INSERT INTO " + table + " VALUES (1)");
}

// Of a server; all but the run's own.
void end_sessions(Fenced& site) {
  if (site.settings.app.db_type == "postgres") {
    site.run->execute("RESET ROLE");
    site.run->query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND "
        "pid <> pg_backend_pid()");
    return;
  }
  for (const Row& row : site.run->query(
           "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()")) {
    try {
      site.run->execute("KILL " + to_text(row.at(0)));
    } catch (const Error& error) {
      constexpr int unknown_thread = 1094;  // It ended by itself meanwhile.
      if (error.database_error() != unknown_thread) throw;
    }
  }
}

}  // namespace

TEST_CASE("the fence refuses the app's writes and lets reads through, until it is lifted") {
  for (const TestDatabase& row : test_databases()) {
    Fenced site(row);
    const auto reader = test::open(site.settings, Access::read_only);
    const FenceReport report = site.enter();
    CHECK(report.level == FenceLevel::database);
    CHECK(report.gaps.empty());
    CHECK_THROWS_AS(try_to_write(site.settings), Error);
    CHECK(to_integer(reader->query("SELECT count(*) FROM t").at(0).at(0)) == 0);
    CHECK(test::open(site.settings, Access::read_only)->has_table("t"));
    CHECK(site.fence->lift(site.saved).empty());
    CHECK_NOTHROW(try_to_write(site.settings));
    CHECK_FALSE(site.fence->slipped_in());
  }
}

TEST_CASE("what is made after the fence was prepared is fenced with the rest") {
  for (const TestDatabase& row : test_databases()) {
    Fenced site(row);
    site.fence->prepare();
    site.run->execute("CREATE TABLE late (id INTEGER)");
    CHECK(site.enter().level == FenceLevel::database);
    CHECK_THROWS_AS(try_to_write(site.settings, "late"), Error);
    CHECK(site.fence->lift(site.saved).empty());
    CHECK_NOTHROW(try_to_write(site.settings, "late"));
  }
}

TEST_CASE("the lift comes through when the server has ended the sessions of the fence meanwhile") {
  for (const TestDatabase& row : test_databases()) {
    if (!get_backend(row.db_type).has_server) continue;
    Fenced site(row);
    site.enter();
    end_sessions(site);
    CHECK_THROWS_AS(try_to_write(site.settings), Error);
    CHECK(site.fence->lift(site.saved).empty());
    CHECK_NOTHROW(try_to_write(site.settings));
  }
}

TEST_CASE("a writer that does not finish in time is busy, and nothing is left fenced") {
  for (const TestDatabase& row : test_databases()) {
    Fenced site(row);
    const auto writer = test::open(site.settings);
    {
      Transaction transaction(*writer);
      writer->execute("INSERT INTO t VALUES (7)");
      try {
        site.enter(std::chrono::milliseconds(50));
        FAIL("the fence was entered beside a writer");
      } catch (const Error& error) {
        CHECK(error.kind() == Kind::busy);
      }
      transaction.commit();
    }
    CHECK_NOTHROW(try_to_write(site.settings));
  }
}

TEST_CASE("the fence holds across the run's commit, and readers see all or nothing of it") {
  for (const TestDatabase& row : test_databases()) {
    if (get_backend(row.db_type).features.atomicity != Features::Atomicity::run) continue;
    Fenced site(row);
    site.enter();
    const auto reader = test::open(site.settings, Access::read_only);
    Transaction transaction(*site.run);
    site.run->execute("ALTER TABLE t ADD COLUMN words TEXT");
    CHECK_THROWS_AS(reader->query("SELECT words FROM t"), Error);
    transaction.commit();
    CHECK_NOTHROW(reader->query("SELECT words FROM t"));
    CHECK_THROWS_AS(try_to_write(site.settings), Error);
    CHECK_FALSE(site.fence->slipped_in());
    site.fence->lift(site.saved);
  }
}

TEST_CASE("a run that is rolled back leaves the schema as it was and the fence in place") {
  for (const TestDatabase& row : test_databases()) {
    if (get_backend(row.db_type).features.atomicity != Features::Atomicity::run) continue;
    Fenced site(row);
    site.enter();
    {
      const Transaction transaction(*site.run);
      site.run->execute("DROP TABLE t");
    }
    CHECK(site.run->has_table("t"));
    CHECK_THROWS_AS(try_to_write(site.settings), Error);
    site.fence->lift(site.saved);
  }
}

TEST_CASE("a fence without a connection says that it is none, where only a connection can fence") {
  for (const TestDatabase& row : test_databases()) {
    const Backend& backend = get_backend(row.db_type);
    if (backend.features.fence_life != Features::FenceLife::connection) continue;
    const TemporaryFolder folder;
    const auto fence = backend.make_fence(make_database(row, folder.path()), nullptr);
    const FenceReport report = fence->enter({}, [](const nlohmann::json&) {});
    CHECK(report.level == FenceLevel::not_enforced);
    CHECK(report.gaps.size() == 1);
    CHECK(fence->lift(nlohmann::json::array()).empty());
  }
}

TEST_CASE("patches must not break foreign keys that were whole, and may leave those that were broken") {
  for (const TestDatabase& row : test_databases()) {
    if (row.db_type != "sqlite") continue;
    Fenced site(row);
    site.run->execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    site.run->execute("CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id))");
    site.run->execute("INSERT INTO parent VALUES (1)");
    site.run->execute("INSERT INTO child VALUES (1, 1), (2, 99)");
    site.enter();
    {
      Transaction transaction(*site.run);
      site.run->execute("INSERT INTO parent VALUES (2)");
      CHECK_NOTHROW(transaction.commit());
    }
    Transaction transaction(*site.run);
    site.run->execute("DELETE FROM parent WHERE id = 1");
    CHECK_THROWS_WITH(transaction.commit(), Catch::Contains("child row 1 points to a missing row of parent"));
  }
}
