// What only MariaDB can go wrong with. Needs the server of tests/support/mariadb_server.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

/// A site's database on MariaDB with one table and a fence.
struct Site {
  Site() {
    const TestDatabase* row = find_test_database("mariadb");
    REQUIRE(row != nullptr);
    settings = make_database(*row, folder.path());
    admin = test::open(settings);
    admin->execute("CREATE TABLE t (id INT PRIMARY KEY, words VARCHAR(100))");
    fence = get_backend("mariadb").make_fence(settings, nullptr);
  }
  FenceReport enter(FenceOptions::Writers writers = FenceOptions::Writers::wait_for) {
    return fence->enter({std::chrono::milliseconds(300), writers},
                        [this](const nlohmann::json& inverse) { saved.push_back(inverse); });
  }
  std::string account() const { return "`" + settings.app.user + "`@`localhost`"; }
  std::vector<Row> grants() { return admin->query("SHOW GRANTS FOR " + account()); }
  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> admin;
  std::unique_ptr<Fence> fence;
  nlohmann::json saved = nlohmann::json::array();
};

}  // namespace

TEST_CASE(
    "mariadb: an open session loses its right to write, also after SET SESSION TRANSACTION READ WRITE") {
  Site site;
  const auto before = site.grants();
  const auto session = open_as_app(site.settings);
  session->execute("INSERT INTO t VALUES (1, 'before')");
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database);
  CHECK(report.ended_sessions == 1);
  CHECK_THROWS_AS(session->execute("INSERT INTO t VALUES (2, 'kept its rights')"), Error);
  const auto again = open_as_app(site.settings);
  again->execute("SET SESSION TRANSACTION READ WRITE");
  CHECK_THROWS_AS(again->execute("INSERT INTO t VALUES (3, 'undid it')"), Error);
  CHECK(again->query("SELECT id FROM t").size() == 1);
  site.admin->execute("CREATE TABLE made (id INT)");
  CHECK_NOTHROW(again->query("SELECT * FROM made"));
  CHECK_THROWS_AS(again->execute("INSERT INTO made VALUES (1)"), Error);
  CHECK(site.fence->lift(site.saved).empty());
  CHECK(site.fence->lift(site.saved).empty());
  CHECK(site.grants() == before);
  CHECK_NOTHROW(open_as_app(site.settings)->execute("INSERT INTO made VALUES (1)"));
}

TEST_CASE("mariadb: a transaction in flight is waited for, named, or ended and counted") {
  Site site;
  const auto before = site.grants();
  const auto session = open_as_app(site.settings);
  session->execute("START TRANSACTION");
  session->execute("INSERT INTO t VALUES (1, 'in flight')");
  try {
    site.enter();
    FAIL("the fence was entered beside a writer");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::busy);
    CHECK_THAT(error.what(), Catch::Contains(site.settings.app.user));
  }
  CHECK(site.grants() == before);
  const auto second = open_as_app(site.settings);
  second->execute("START TRANSACTION");
  second->execute("INSERT INTO t VALUES (2, 'in flight')");
  CHECK(site.enter(FenceOptions::Writers::end).ended_sessions >= 1);
  CHECK(site.admin->query("SELECT id FROM t").empty());
  site.fence->lift(site.saved);
}

TEST_CASE("mariadb: column grants come back, and what a patch renamed is told") {
  Site site;
  site.admin->execute("CREATE TABLE u (a INT, b INT)");
  site.admin->execute("GRANT UPDATE (a) ON u TO " + site.account());
  const auto before = site.grants();
  site.enter();
  CHECK(site.grants() != before);
  site.fence->lift(site.saved);
  CHECK(site.grants() == before);
  site.saved.clear();
  site.enter();
  site.admin->execute("RENAME TABLE u TO v");
  const auto told = site.fence->lift(site.saved);
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::Contains("UPDATE (`a`)"));
}

TEST_CASE("mariadb: gaps are named, and an account that cannot be fenced is not") {
  Site site;
  site.admin->execute("CREATE TABLE old (id INT) ENGINE=MyISAM");
  site.admin->execute("CREATE PROCEDURE p() INSERT INTO t VALUES (9, 'p')");
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database_with_gaps);
  REQUIRE(report.gaps.size() == 2);
  CHECK_THAT(report.gaps[0], Catch::Contains("old (MyISAM)"));
  CHECK_THAT(report.gaps[1], Catch::Contains("p"));
  site.fence->lift(site.saved);
  site.admin->execute("GRANT INSERT ON *.* TO " + site.account());
  CHECK(site.enter().level == FenceLevel::not_enforced);
  site.admin->execute("REVOKE INSERT ON *.* FROM " + site.account());
  Site neighbour;
  site.admin->execute("GRANT INSERT ON `" + neighbour.settings.app.name + "`.* TO " + site.account());
  CHECK_THROWS_WITH(site.enter(), Catch::Contains(neighbour.settings.app.name));
  site.admin->execute("REVOKE INSERT ON `" + neighbour.settings.app.name + "`.* FROM " + site.account());
  site.settings.admin.reset();
  CHECK(get_backend("mariadb")
            .make_fence(site.settings, nullptr)
            ->enter({}, [](const nlohmann::json&) {})
            .level == FenceLevel::not_enforced);
}

TEST_CASE("mariadb: a dump loads in the server's own client and is equal then") {
  Site site;
  for (const char* statement : {"CREATE SEQUENCE s START WITH 7", "DO NEXTVAL(s)",
                                "CREATE TABLE k (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, f FLOAT, d "
                                "DOUBLE, n DECIMAL(65,30), b BIT(5), "
                                "y BINARY(3), l BLOB, j JSON, w TEXT, z DATE, g INT GENERATED ALWAYS AS (b * "
                                "2) STORED, p POINT) COMMENT "
                                "'it''s AUTO_INCREMENT=5'",
                                "SET sql_mode = ''",
                                "INSERT INTO k (id, f, d, n, b, y, l, j, w, z, p) VALUES "
                                "(18446744073709551614, 0.1, 1.7976931348623157e308, "
                                "0.1, 5, X'00ff27', X'', '{}', 'it''s \\\\ \\n \\0 🎈', '0000-00-00', "
                                "POINT(1,2)), (1, NULL, -0e0, NULL, "
                                "NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                                "CREATE VIEW b AS SELECT * FROM t", "CREATE VIEW a AS SELECT * FROM b",
                                "CREATE TRIGGER keeps BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.words = "
                                "CONCAT(NEW.words, ';'); END",
                                "CREATE FUNCTION f() RETURNS INT RETURN 1",
                                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t"})
    site.admin->execute(statement);
  const auto dump = [](const SiteDatabase& settings, std::string& text) {
    return get_backend("mariadb")
        .open_exporter(settings.for_changes(), {})
        ->write([&text](std::string_view piece) { text += piece; }, {}, {});
  };
  std::string text, again;
  const ContentSummary summary = dump(site.settings, text);
  Site copy;
  copy.admin->execute("DROP TABLE t");
  const auto file = site.folder.path() / "dump.sql";
  std::ofstream(file) << text;
  REQUIRE(std::system(("mariadb --no-defaults --user=root --socket=" + copy.settings.app.socket + " " +
                       copy.settings.app.name + " <" + file.string())
                          .c_str()) == 0);
  CHECK(dump(copy.settings, again) == summary);
  CHECK(copy.admin->query("SELECT * FROM k") == site.admin->query("SELECT * FROM k"));
}
