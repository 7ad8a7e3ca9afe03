// What only MariaDB can go wrong with. Needs the server of tests/support/mariadb_server.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "database/refusal.hpp"
#include "support/databases.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

/// A site's database on MariaDB with one table and a fence.
struct Site : OpenDatabase {
  Site() : OpenDatabase("mariadb") {
    admin->execute("CREATE TABLE t (id INT PRIMARY KEY, words VARCHAR(100))");
    fence = get_backend("mariadb").make_fence(settings, nullptr);
  }
  FenceReport enter(FenceOptions::Writers writers = FenceOptions::Writers::wait_for) {
    return fence->enter({std::chrono::milliseconds(300), writers},
                        [this](const nlohmann::json& inverse) { saved.push_back(inverse); });
  }
  std::string account() const { return "`" + settings.app.user + "`@`localhost`"; }
  std::vector<Row> grants() { return admin->query("SHOW GRANTS FOR " + account()); }
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

TEST_CASE("mariadb: a refused write is told by its number, whatever language the server speaks") {
  Site site;
  site.enter();
  std::unique_ptr<Database> app;
  const auto connect = [&] {
    app = open_as_app(site.settings);
    app->execute("SET lc_messages = 'de_DE'");
  };
  connect();
  const auto refused = [&](const std::string& statement) {
    const auto error = error_of([&] { app->execute(statement); });
    REQUIRE(error);
    CHECK_THAT(error->what(), !Catch::Contains("denied"));
    return *error;
  };
  for (const char* statement : {"INSERT INTO t VALUES (1, '')", "CREATE TABLE mine (id INT)", "DROP TABLE t",
                                "CALL sys.ps_setup_save(1)", "USE mysql", "SET GLOBAL max_connections = 9"}) {
    INFO(statement);
    CHECK(lacks_right(refused(statement)));
  }
  CHECK_FALSE(is_refused_write(refused("SELECT nothing FROM t")));
  CHECK(site.fence->lift(site.saved).empty());
  connect();
  app->execute("START TRANSACTION READ ONLY");
  const Error read_only = refused("INSERT INTO t VALUES (1, '')");
  CHECK((is_refused_write(read_only) && !lacks_right(read_only)));
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

TEST_CASE("mariadb: waiting for writers can be interrupted, and nothing is left changed") {
  Site site;
  const auto before = site.grants();
  const auto app = open_as_app(site.settings);
  app->execute("START TRANSACTION");
  app->execute("INSERT INTO t VALUES (1, 'unfinished')");
  const auto begin = std::chrono::steady_clock::now();
  const auto run = get_backend("mariadb").connect(
      *site.settings.admin,
      {Access::read_write,
       [begin] { return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(500); }});
  const auto fence = get_backend("mariadb").make_fence(site.settings, run.get());
  try {
    fence->enter({std::chrono::seconds(30), FenceOptions::Writers::wait_for}, [](const nlohmann::json&) {});
    FAIL("the fence was entered beside a writer");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::interrupted);
  }
  CHECK(site.grants() == before);
  CHECK_NOTHROW(app->execute("INSERT INTO t VALUES (2, 'goes on')"));
  CHECK_NOTHROW(app->execute("COMMIT"));
  CHECK(site.admin->query("SELECT * FROM t").size() == 2);
}

TEST_CASE("mariadb: a transaction that began after the look before the window is spared as well") {
  Site site;
  const auto fence = get_backend("mariadb").make_fence(site.settings, site.admin.get());
  fence->preflight();
  const auto app = open_as_app(site.settings);
  app->execute("START TRANSACTION");
  app->execute("INSERT INTO t VALUES (1, 'unfinished')");
  CHECK_THROWS_AS(fence->enter({std::chrono::milliseconds(300), FenceOptions::Writers::wait_for},
                               [](const nlohmann::json&) {}),
                  Error);
  CHECK_NOTHROW(app->execute("COMMIT"));
  CHECK(site.admin->query("SELECT * FROM t").size() == 1);
}

TEST_CASE("mariadb: what cannot be given back after waiting in vain is told") {
  Site site;
  site.admin->execute("CREATE TABLE u (a INT)");
  site.admin->execute("GRANT UPDATE (a) ON u TO " + site.account());
  const auto app = open_as_app(site.settings);
  app->execute("START TRANSACTION");
  app->execute("INSERT INTO t VALUES (1, 'unfinished')");
  try {
    site.fence->enter({std::chrono::milliseconds(300), FenceOptions::Writers::wait_for},
                      [&site](const nlohmann::json&) { site.admin->execute("DROP TABLE u"); });
    FAIL("the fence was entered beside a writer");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::busy);
    CHECK_THAT(error.what(), Catch::Contains("did not end") && Catch::Contains("UPDATE (`a`)"));
  }
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
  site.admin->execute("CREATE DEFINER=nobody@nowhere PROCEDURE p() INSERT INTO t VALUES (9, 'p')");
  site.admin->execute("CREATE PROCEDURE of_a_patch() INSERT INTO t VALUES (9, 'p')");
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database_with_gaps);
  REQUIRE(report.gaps.size() == 2);
  CHECK_THAT(report.gaps[0], Catch::Contains("old (MyISAM)"));
  CHECK_THAT(report.gaps[1], Catch::EndsWith("can write: p"));
  site.fence->lift(site.saved);
  // One that would not make the account a gap of the sites that other cases have on this server.
  site.admin->execute("GRANT SUPER ON *.* TO " + site.account());
  CHECK(site.enter().level == FenceLevel::not_enforced);
  site.admin->execute("REVOKE SUPER ON *.* FROM " + site.account());
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

namespace {

std::string gaps_of(const FenceReport& report) {
  std::string all;
  for (const std::string& gap : report.gaps) all += gap + "\n";
  return all;
}

/// Runs a statement on a thread of its own until it ends or its session does.
class Background {
 public:
  Background(Database& session, std::string statement)
      : m_thread([&session, statement = std::move(statement)] {
          try {
            session.query(statement);
          } catch (const Error&) {
          }
        }) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  ~Background() { m_thread.join(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  std::thread m_thread;
};

const Database::LockPatience impatient{std::chrono::milliseconds(1'000), std::chrono::milliseconds(1'200)};

}  // namespace

TEST_CASE("mariadb: a prepared XA transaction is named, and writes nothing but what it held") {
  Site site;
  {
    const auto app = open_as_app(site.settings);
    for (const char* statement : {"XA START 'bench test'", "INSERT INTO t VALUES (1, 'prepared')",
                                  "XA END 'bench test'", "XA PREPARE 'bench test'"})
      app->execute(statement);
  }
  const FenceReport report = site.enter(FenceOptions::Writers::end);
  CHECK(report.level == FenceLevel::database_with_gaps);
  CHECK_THAT(gaps_of(report), Catch::Contains("prepared XA transactions") && Catch::Contains("bench test"));
  CHECK(site.admin->query("SELECT * FROM t").empty());
  // No session holds its locks.
  const auto blocked =
      error_of([&] { site.admin->execute_patiently("ALTER TABLE t ADD COLUMN more INT", impatient); });
  REQUIRE(blocked);
  CHECK_THAT(blocked->what(), Catch::Contains("'bench test'") && Catch::Contains("XA COMMIT or XA ROLLBACK"));
  CHECK_THAT(blocked->hint(), Catch::StartsWith("XA ROLLBACK 'bench test', or XA COMMIT 'bench test'"));
  site.admin->execute("XA ROLLBACK 'bench test'");
  site.fence->lift(site.saved);
}

TEST_CASE("mariadb: a prepared XA transaction of another database is no gap of this one") {
  Site site, neighbour;
  {
    const auto app = open_as_app(neighbour.settings);
    for (const char* statement : {"XA START 'bench neighbour'", "INSERT INTO t VALUES (1, 'prepared')",
                                  "XA END 'bench neighbour'", "XA PREPARE 'bench neighbour'"})
      app->execute(statement);
  }
  CHECK(site.enter().level == FenceLevel::database);
  CHECK(site.fence->ways_to_write().empty());
  const auto elsewhere = neighbour.fence->ways_to_write();
  CHECK_THAT(elsewhere.back(), Catch::Contains("bench neighbour"));
  site.admin->execute("XA ROLLBACK 'bench neighbour'");
  site.fence->lift(site.saved);
}

TEST_CASE("mariadb: what PUBLIC may the app may as well: it is called that, and nothing is taken from it") {
  Site site;
  const std::string on_it = "ON `" + site.settings.app.name + "`.* ";
  const auto grants = [&] {
    return site.admin->query("SELECT * FROM mysql.db WHERE User = 'PUBLIC' AND Db = '" +
                             site.settings.app.name + "'");
  };
  site.admin->execute("GRANT SELECT, LOCK TABLES " + on_it + "TO PUBLIC");
  CHECK(site.enter().level == FenceLevel::database);
  site.fence->lift(site.saved);
  site.saved.clear();
  site.admin->execute("GRANT INSERT " + on_it + "TO PUBLIC");
  const auto before = grants();
  REQUIRE(before.size() == 1);
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::not_enforced);
  CHECK_THAT(gaps_of(report), Catch::Contains("INSERT") && Catch::Contains("by PUBLIC") &&
                                  !Catch::Contains("LOCK TABLES") && !Catch::Contains("other accounts"));
  CHECK(site.saved.empty());
  CHECK(grants() == before);
  CHECK_NOTHROW(open_as_app(site.settings)->execute("INSERT INTO t VALUES (1, 'x')"));
  site.admin->execute("REVOKE ALL PRIVILEGES " + on_it + "FROM PUBLIC");
}

TEST_CASE("mariadb: who can write although the fence stands is told, and whoever cannot is not") {
  Site site;
  const std::string name = site.settings.app.name;
  const std::string other = "`" + name + "_report`@`%`";
  site.admin->execute("CREATE USER " + other);
  site.admin->execute("GRANT SELECT, EXECUTE, LOCK TABLES, EVENT, TRIGGER ON `" + name + "`.* TO " + other);
  site.admin->execute("CREATE TABLE old (id INT) ENGINE=MyISAM");
  CHECK(site.enter().ways_to_write.empty());
  CHECK(site.fence->ways_to_write().empty());
  const auto ways = [&] { return fmt::format("{}", fmt::join(site.fence->ways_to_write(), "; ")); };
  SECTION("the app account again") {
    site.admin->execute("GRANT UPDATE ON t TO " + site.account());
    CHECK_THAT(ways(), Catch::Contains(site.account() + " may UPDATE on"));
  }
  SECTION("an account with a right on a column") {
    site.admin->execute("GRANT UPDATE (words) ON t TO " + other);
    CHECK_THAT(ways(), Catch::Contains("UPDATE (`words`)"));
  }
  SECTION("an account that may call a routine with its owner's rights") {
    site.admin->execute("CREATE PROCEDURE lends() INSERT INTO t VALUES (9, 'lent')");
    CHECK_THAT(ways(), Catch::Contains(other + " may EXECUTE on"));
  }
  SECTION("an event") {
    const std::string event =
        " EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM t";
    // As a patch makes it.
    site.admin->execute("CREATE" + event);
    CHECK(ways().empty());
    site.admin->execute("CREATE OR REPLACE DEFINER=" + other + event);
    CHECK_THAT(ways(), Catch::Contains("events of other accounts"));
  }
  SECTION("a view of another database") {
    Site neighbour;
    neighbour.admin->execute("CREATE SQL SECURITY INVOKER VIEW reading AS SELECT * FROM `" + name + "`.t");
    CHECK(ways().empty());
    neighbour.admin->execute("CREATE VIEW writing AS SELECT * FROM `" + name + "`.t");
    CHECK_THAT(ways(), Catch::Contains(neighbour.settings.app.name + ".writing"));
  }
  SECTION("a routine of another database that only has the name in it") {
    Site neighbour;
    neighbour.admin->execute("CREATE PROCEDURE p() INSERT INTO t VALUES (1, '" + name + "x.')");
    CHECK(ways().empty());
    neighbour.admin->execute("CREATE PROCEDURE q() DELETE FROM " + name + ".t");
    CHECK_THAT(ways(), Catch::Contains(neighbour.settings.app.name + ".q"));
  }
  SECTION("a routine of another database that an event of others may call") {
    Site neighbour;
    neighbour.admin->execute("CREATE PROCEDURE r() SQL SECURITY INVOKER DELETE FROM " + name + ".t");
    CHECK_THAT(ways(), Catch::Contains(neighbour.settings.app.name + ".r"));
  }
  site.fence->lift(site.saved);
  site.admin->execute("DROP USER " + other);
}

TEST_CASE("mariadb: an account that has lost its rights gets the usual ones") {
  Site site;
  const auto before = site.grants();
  CHECK_FALSE(site.fence->lost_rights());
  site.enter();
  const auto lost = site.fence->lost_rights();
  REQUIRE(lost);
  CHECK_THAT(*lost, Catch::Contains("GRANT ALL PRIVILEGES ON") && Catch::Contains(site.account()));
  site.fence->give_usual_rights();
  CHECK(site.grants() == before);
  CHECK_FALSE(site.fence->lost_rights());
  CHECK_NOTHROW(open_as_app(site.settings)->execute("INSERT INTO t VALUES (1, 'x')"));
}

TEST_CASE("mariadb: the app cannot call a routine that has the rights of another account, others are named") {
  Site site;
  const std::string other = "`" + site.settings.app.name + "_lender`@`%`";
  site.admin->execute("CREATE USER " + other);
  site.admin->execute("GRANT INSERT ON t TO " + other);
  site.admin->execute("CREATE DEFINER=" + other + " PROCEDURE writes() INSERT INTO t VALUES (9, 'lent')");
  site.admin->execute("GRANT EXECUTE ON PROCEDURE writes TO " + other);
  const auto app = open_as_app(site.settings);
  app->execute("CALL writes()");
  const FenceReport report = site.enter();
  CHECK_THAT(gaps_of(report), Catch::Contains("writes") && Catch::Contains("SQL SECURITY DEFINER"));
  CHECK_THROWS_WITH(open_as_app(site.settings)->execute("CALL writes()"), Catch::Contains("denied"));
  CHECK(site.admin->query("SELECT * FROM t").size() == 1);
  site.fence->lift(site.saved);
  site.admin->execute("DELETE FROM t");
  CHECK_NOTHROW(open_as_app(site.settings)->execute("CALL writes()"));
  site.admin->execute("DROP USER " + other);
}

TEST_CASE("mariadb: a second account with rights of its own is named, with what it may") {
  Site site;
  const std::string other = "`" + site.settings.app.name + "_report`@`%`";
  site.admin->execute("CREATE USER " + other);
  site.admin->execute("GRANT SELECT, INSERT ON t TO " + other);
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database_with_gaps);
  CHECK_THAT(gaps_of(report), Catch::Contains("account " + other + " may INSERT on"));
  site.fence->lift(site.saved);
  site.admin->execute("DROP USER " + other);
}

TEST_CASE("mariadb: rights come back under the pattern that they are stored under") {
  Site site;
  const std::string& name = site.settings.app.name;
  std::string escaped = name;
  escaped.insert(escaped.find('_'), "\\");
  site.admin->execute("REVOKE ALL PRIVILEGES ON `" + escaped + "`.* FROM " + site.account());
  const std::string pattern = GENERATE("escaped", "plain", "both", "wild");
  INFO(pattern);
  if (pattern != "plain" && pattern != "wild")
    site.admin->execute("GRANT SELECT, INSERT, CREATE ON `" + escaped + "`.* TO " + site.account());
  if (pattern == "plain" || pattern == "both")
    site.admin->execute("GRANT SELECT, UPDATE ON `" + name + "`.* TO " + site.account() +
                        " WITH GRANT OPTION");
  if (pattern == "wild")
    site.admin->execute("GRANT SELECT, DELETE ON `" + name.substr(0, 12) + "%`.* TO " + site.account());
  const auto before = site.grants();
  CHECK(site.enter().level == FenceLevel::database);
  const auto app = open_as_app(site.settings);
  CHECK_NOTHROW(app->query("SELECT * FROM t"));
  for (const char* statement : {"INSERT INTO t VALUES (1, 'x')", "UPDATE t SET words = 'x'", "DELETE FROM t"})
    CHECK_THROWS_WITH(app->execute(statement), Catch::Contains("denied"));
  CHECK(site.fence->lift(site.saved).empty());
  CHECK(site.grants() == before);
}

TEST_CASE("mariadb: a long SELECT that holds up a change is named: session, account, age and statement") {
  Site site;
  site.admin->execute("INSERT INTO t VALUES (1, 'x')");
  const auto reader = open_as_app(site.settings);
  const std::string session = to_text(reader->query("SELECT CONNECTION_ID()").at(0).at(0));
  const Background reading(*reader, "SELECT SLEEP(2.5), words FROM t");
  try {
    site.admin->execute_patiently("ALTER TABLE t ADD COLUMN more INT", impatient);
    FAIL("the reader was not waited for");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::busy);
    CHECK_THAT(error.what(),
               Catch::Contains("session " + session + " of " + site.settings.app.user + "@localhost, ") &&
                   Catch::Contains(" s, in: SELECT SLEEP(2.5), words FROM t"));
  }
  CHECK_NOTHROW(site.admin->execute_patiently("ALTER TABLE t ADD COLUMN more INT", {}));
}

TEST_CASE("mariadb: who may only read can still lock rows: the migrator waits, and names who it was") {
  Site site;
  site.admin->execute("INSERT INTO t VALUES (1, 'x')");
  site.enter();
  const auto reader = open_as_app(site.settings);
  reader->execute("START TRANSACTION");
  CHECK(reader->query("SELECT * FROM t FOR UPDATE").size() == 1);
  CHECK_THROWS_WITH(
      site.admin->execute_patiently("UPDATE t SET words = 'y'", impatient),
      Catch::Contains(site.settings.app.user + "@localhost") && Catch::Contains("idle in a transaction"));
  reader->execute("ROLLBACK");
  CHECK_NOTHROW(site.admin->execute_patiently("UPDATE t SET words = 'y'", impatient));
  site.fence->lift(site.saved);
}

namespace {

// Whose rights a program runs with, and who may execute it, sorted.
std::vector<std::string> program_rights(Site& site) {
  std::vector<std::string> words;
  for (const char* query :
       {"SELECT CONCAT(ROUTINE_NAME, ' ', DEFINER) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = "
        "DATABASE() UNION SELECT CONCAT(TABLE_NAME, ' ', DEFINER) FROM information_schema.VIEWS WHERE "
        "TABLE_SCHEMA "
        "= DATABASE() UNION SELECT CONCAT(ACTION_ORDER, TRIGGER_NAME, ' ', DEFINER) FROM "
        "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() UNION SELECT CONCAT(EVENT_NAME, ' ', "
        "DEFINER) "
        "FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
        "SELECT CONCAT(User, ' ', Routine_name, ' ', Proc_priv) FROM mysql.procs_priv WHERE Db = DATABASE()"})
    for (const Row& row : site.admin->query(query)) words.push_back(to_text(row[0]));
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace

TEST_CASE("mariadb: what a run made anew gets back whose rights it had, and who may execute it") {
  Site site;
  const std::string name = site.settings.app.name, clerk = "`" + name + "_clerk`@`localhost`";
  const std::vector<std::string> programs{"PROCEDURE p() SELECT 1",
                                          "FUNCTION f() RETURNS INT RETURN 1",
                                          "VIEW v AS SELECT id FROM t",
                                          "TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
                                          "TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET @a = 2",
                                          "EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t"};
  site.admin->execute("CREATE USER " + clerk);
  const std::vector<std::string> definers{"root@localhost", clerk,         clerk, clerk,
                                          "root@localhost", site.account()};
  for (std::size_t i = 0; i < programs.size(); ++i)
    site.admin->execute(fmt::format("CREATE DEFINER={} {}", definers[i], programs[i]));
  site.admin->execute("GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE p TO " + clerk + " WITH GRANT OPTION");
  site.admin->execute("GRANT EXECUTE ON FUNCTION f TO " + clerk);
  const auto before = program_rights(site);
  site.enter();
  for (const char* gone : {"PROCEDURE p", "FUNCTION f", "VIEW v", "TRIGGER one", "TRIGGER two", "EVENT e"})
    site.admin->execute(fmt::format("DROP {}", gone));
  for (const std::string& program : programs)
    site.admin->execute(fmt::format("CREATE DEFINER={} {}", site.account(), program));
  CHECK(program_rights(site) != before);
  SECTION("all is there") {
    CHECK(site.fence->restore_rights(site.saved).empty());
    CHECK(site.fence->restore_rights(site.saved).empty());
    CHECK(site.fence->lift(site.saved).empty());
    CHECK(program_rights(site) == before);
  }
  SECTION("an account is gone, and does not come back") {
    site.admin->execute("DROP USER " + clerk);
    const auto notes = site.fence->restore_rights(site.saved);
    REQUIRE(notes.size() == 5);
    CHECK_THAT(
        fmt::format("{}", fmt::join(notes, "; ")),
        Catch::Contains("the VIEW v runs with the rights of " + site.account() + ", not of " + clerk) &&
            Catch::Contains("GRANT EXECUTE ON FUNCTION"));
    site.fence->lift(site.saved);
    CHECK(site.admin->query("SELECT 1 FROM mysql.global_priv WHERE User LIKE '%_clerk'").empty());
  }
  site.admin->execute("DROP USER IF EXISTS " + clerk);
}

TEST_CASE("mariadb: an event that a run makes is the site's own afterwards, one that was there is not") {
  Site site;
  constexpr std::string_view event =
      "CREATE EVENT {} ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM t";
  const auto definer = [&site](const std::string& name) {
    return to_text(
        site.admin
            ->query("SELECT CONCAT(DEFINER, ' ', STATUS) FROM information_schema.EVENTS WHERE EVENT_SCHEMA "
                    "= DATABASE() AND EVENT_NAME = '" +
                    name + "'")
            .at(0)
            .at(0));
  };
  site.enter();
  site.admin->execute(fmt::format(fmt::runtime(event), "made"));
  CHECK(site.fence->ways_to_write().empty());
  CHECK(site.fence->lift(site.saved).empty());
  CHECK(definer("made") == site.settings.app.user + "@localhost ENABLED");
  site.saved = nlohmann::json::array();
  CHECK(site.enter().ways_to_write.empty());
  site.fence->lift(site.saved);
  site.admin->execute(fmt::format(fmt::runtime(event), "older"));
  site.saved = nlohmann::json::array();
  CHECK_THAT(site.enter().ways_to_write.at(0), Catch::EndsWith("can write: older"));
  site.fence->lift(site.saved);
  CHECK(definer("older") == "root@localhost ENABLED");
}
