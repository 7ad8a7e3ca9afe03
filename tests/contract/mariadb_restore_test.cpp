// How MariaDB's dumps, those of its own tool and older and foreign ones too, come back, and how a swap that
// is cut off ends. Needs the server of tests/support/mariadb_server.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "database/mariadb/dump_gate.hpp"
#include "database/mariadb/program.hpp"
#include "database/mariadb/scratch.hpp"
#include "database/mariadb/swap.hpp"
#include "support/databases.hpp"
#include "support/forked_child.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

// Nothing is cleaned up, and all stays known to the end: it must not look like a leak.
void as_if_killed(std::unique_ptr<Scratch> scratch) {
  static auto* const left = new std::vector<Scratch*>;
  left->push_back(scratch.release());
}

struct Site : OpenDatabase {
  Site() : OpenDatabase("mariadb") {}
  std::unique_ptr<Scratch> scratch() const {
    return get_backend("mariadb").make_scratch(settings, {}, folder.path(), "test");
  }
  void run(const std::vector<std::string>& statements) const {
    for (const std::string& statement : statements) admin->execute(statement);
  }
  std::string text(const std::string& query) const { return to_text(admin->query(query).at(0).at(0)); }
  ContentSummary summary() const {
    return get_backend("mariadb")
        .open_exporter(settings.for_changes(), {})
        ->write([](std::string_view) {}, {}, {});
  }
  int leftovers() const {
    return static_cast<int>(
        admin
            ->query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '" +
                    settings.app.name + "\\_bench\\_%' UNION SELECT User FROM mysql.user WHERE User LIKE '" +
                    settings.app.name + "\\_bench\\_%'")
            .size());
  }
};

void load(Scratch& scratch, const std::string& text) {
  std::size_t at = 0;
  scratch.load(
      [&](std::span<char> buffer) {
        const std::size_t size = text.copy(buffer.data(), std::min<std::size_t>(buffer.size(), 1000), at);
        at += size;
        return size;
      },
      {});
}

std::string why_refused(Scratch& scratch, const std::string& text) {
  try {
    load(scratch, text);
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::bad_backup);
    return error.what();
  }
  return "it was loaded";
}

std::string tool_dump(const Site& site, const std::string& options) {
  const auto file = site.folder.path() / "tool.sql";
  REQUIRE(std::system(fmt::format("mariadb-dump --no-defaults --user=root --socket={} {} {} >{}",
                                  site.settings.app.socket, options, site.settings.app.name, file.string())
                          .c_str()) == 0);
  return read_file(file);
}

const std::vector<std::string> content{
    "CREATE SEQUENCE numbers NOCACHE",
    "CREATE TABLE parent (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY, words VARCHAR(200))",
    "CREATE TABLE child (id INT PRIMARY KEY, parent BIGINT, CONSTRAINT to_parent FOREIGN KEY (parent) "
    "REFERENCES parent (id))",
    "INSERT INTO parent (words) VALUES ('one;'), ('two 🎈')",
    "INSERT INTO child VALUES (1, 2)",
    "CREATE VIEW both_of AS SELECT words, child.id FROM parent JOIN child ON parent.id = child.parent",
    "CREATE TRIGGER marks BEFORE INSERT ON parent FOR EACH ROW BEGIN SET NEW.words = CONCAT(NEW.words, '!'); "
    "END",
    "CREATE FUNCTION counted() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM parent)",
    "CREATE PROCEDURE add_one() INSERT INTO parent (words) VALUES ('added')",
    "CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM child",
    "CREATE EVENT never ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO DELETE FROM child"};

}  // namespace

TEST_CASE("mariadb: code that this server skips is taken out of a dump's statement, and what it runs stays") {
  const auto kept = [](const std::string& text) { return without_skipped_code(text, 101119); };
  CHECK(kept("/*!40101 SET NAMES utf8 */") == "/*!40101 SET NAMES utf8 */");
  CHECK(kept("/*!50717 SELECT 1 */").empty());
  CHECK(kept("/*!80016 SELECT 1 */").empty());
  CHECK(kept("/*!99999 SET */ DROP DATABASE x") == " DROP DATABASE x");
  CHECK(kept("/*M!101100 SELECT 1 */") == "/*M!101100 SELECT 1 */");
  CHECK(kept("/*M!110400 SELECT '*/' */ SELECT 2") == " SELECT 2");
  CHECK(kept("INSERT INTO t VALUES ('/*!99999 x */')") == "INSERT INTO t VALUES ('/*!99999 x */')");
  CHECK(kept("CREATE /*!99999 a /*!40000 b */ c */ TABLE t (a INT)") == "CREATE  TABLE t (a INT)");
}

TEST_CASE("mariadb: a trigger's own database is taken off its names") {
  CHECK(without_own_database("CREATE TRIGGER `a`.b BEFORE INSERT ON a . `c` FOR EACH ROW SET @x = a.b") ==
        "CREATE TRIGGER b BEFORE INSERT ON `c` FOR EACH ROW SET @x = a.b");
  CHECK(without_own_database("CREATE PROCEDURE IF NOT EXISTS a.p() SELECT a.b()") ==
        "CREATE PROCEDURE IF NOT EXISTS p() SELECT a.b()");
  CHECK(without_own_database("CREATE VIEW v AS SELECT t.a FROM t") == "CREATE VIEW v AS SELECT t.a FROM t");
}

TEST_CASE("mariadb: the database is taken off sequences and functions, and off nothing else") {
  const auto changed = [](Called called, const std::string& text) {
    return without_database_of(called, text, "a");
  };
  CHECK(changed(Called::sequences,
                "CREATE TABLE t (n INT DEFAULT nextval(`a`.`s`), m INT DEFAULT nextval(b.s))") ==
        "CREATE TABLE t (n INT DEFAULT nextval(`s`), m INT DEFAULT nextval(b.s))");
  CHECK(changed(Called::sequences_and_functions, "CREATE VIEW v AS SELECT a.f(a.c, 'a.f(') FROM t a") ==
        "CREATE VIEW v AS SELECT f(a.c, 'a.f(') FROM t a");
  CHECK(without_database_of(Called::sequences, "CREATE TABLE t (n INT REFERENCES a.t (n))") ==
        "CREATE TABLE t (n INT REFERENCES a.t (n))");
}

TEST_CASE("mariadb: what mariadb-dump wrote is loaded and equal") {
  const Site site;
  site.run(content);
  site.run({"CREATE TRIGGER `" + site.settings.app.name + "`.named AFTER INSERT ON `" +
                site.settings.app.name + "`.child FOR EACH ROW SET @a = 1",
            "CREATE VIEW numbered AS SELECT NEXTVAL(numbers), `" + site.settings.app.name + "`.counted()"});
  const ContentSummary summary = site.summary();
  for (const char* options : {"--routines --events --triggers", "--routines --events --skip-extended-insert",
                              "--routines --events --databases --hex-blob --add-drop-database",
                              "--routines --events --single-transaction --quick --lock-tables=false"}) {
    INFO(options);
    const std::string text = tool_dump(site, options);
    const auto scratch = site.scratch();
    load(*scratch, text);
    scratch->check();
    CHECK(scratch->summarize() == summary);
    CHECK(scratch->connection().query("SELECT * FROM both_of").size() == 1);
    scratch->connection().execute("CALL add_one()");
    CHECK(to_integer(scratch->connection().query("SELECT counted()").at(0).at(0)) == 3);
    CHECK(to_integer(site.admin->query("SELECT counted()").at(0).at(0)) == 2);
    CHECK_THAT(why_refused(*site.scratch(), text.substr(0, text.rfind("-- Dump completed"))),
               Catch::Contains("cut off"));
  }
  CHECK(site.leftovers() == 0);
}

namespace {

const std::vector<std::string> versioned{
    "CREATE TABLE plain (id INT PRIMARY KEY, a INT, twice INT AS (a * 2) STORED) WITH SYSTEM VERSIONING",
    "CREATE TABLE named (id INT PRIMARY KEY, a INT, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START "
    "INVISIBLE, "
    "till TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM "
    "VERSIONING",
    "CREATE TABLE keyless (id INT, a INT) WITH SYSTEM VERSIONING",
    "CREATE TABLE parts (id INT, a INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 3 (PARTITION "
    "p0 "
    "HISTORY, PARTITION p1 HISTORY, PARTITION now CURRENT)",
    "CREATE TABLE days (id INT PRIMARY KEY, a INT WITHOUT SYSTEM VERSIONING, b INT) WITH SYSTEM VERSIONING "
    "PARTITION BY SYSTEM_TIME INTERVAL 1 DAY (PARTITION p0 HISTORY, PARTITION now CURRENT)"};
constexpr std::array versioned_tables{"plain", "named", "keyless", "parts", "days"};

void change_rows(const Site& site, const std::string& table) {
  for (const char* change : {"INSERT INTO {} (id, a) VALUES (1, 1), (2, 2), (3, 3)",
                             "UPDATE {} SET a = a + 1", "UPDATE {} SET id = 7 WHERE id = 2",
                             "DELETE FROM {} WHERE id = 3", "INSERT INTO {} (id, a) VALUES (3, 30)"})
    site.admin->execute(fmt::format(fmt::runtime(change), table));
}

/// All rows of the past and of the present, with when they held.
std::vector<std::string> history_of(const Site& site, const std::string& table) {
  const auto [since, till] =
      table == "named" ? std::pair("since", "till") : std::pair("row_start", "row_end");
  std::vector<std::string> rows;
  for (const Row& row : site.admin->query(fmt::format(
           "SELECT CONCAT_WS(' ', id, a, {}, {}) FROM {} FOR SYSTEM_TIME ALL", since, till, table)))
    rows.push_back(to_text(row[0]));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::string dump_of(const Site& site) {
  std::string text;
  get_backend("mariadb")
      .open_exporter(site.settings.for_changes(), {})
      ->write([&text](std::string_view bytes) { text += bytes; }, {}, {});
  return text;
}

}  // namespace

TEST_CASE("mariadb: tables with system versioning come back with their rows of the past") {
  const Site site;
  site.run(versioned);
  std::map<std::string, std::vector<std::string>> before;
  for (const char* table : versioned_tables) {
    change_rows(site, table);
    before[table] = history_of(site, table);
    CHECK(before[table].size() > 4);
  }
  const ContentSummary summary = site.summary();
  const auto exporter = get_backend("mariadb").open_exporter(site.settings.for_changes(), {});
  CHECK(exporter->restore_limits().empty());
  for (const std::string& text : {dump_of(site), tool_dump(site, "--dump-history")}) {
    for (const char* table : versioned_tables) site.admin->execute(fmt::format("DROP TABLE {}", table));
    const auto scratch = site.scratch();
    load(*scratch, text);
    scratch->check();
    CHECK(scratch->lacking().empty());
    CHECK(scratch->summarize() == summary);
    scratch->swap_in(*site.admin, [] {});
    for (const char* table : versioned_tables) {
      INFO(table);
      CHECK(history_of(site, table) == before[table]);
    }
  }
  // And it goes on.
  site.admin->execute("UPDATE plain SET a = 5 WHERE id = 1");
  CHECK(history_of(site, "plain").size() == before["plain"].size() + 1);
  CHECK(site.leftovers() == 0);
}

TEST_CASE("mariadb: a text without the rows of the past is loaded, and says what it lacks") {
  const Site site;
  site.run(versioned);
  change_rows(site, "plain");
  const auto scratch = site.scratch();
  load(*scratch, tool_dump(site, ""));
  CHECK_THAT(scratch->lacking().at(0), Catch::EndsWith("days, keyless, named, parts, plain"));
  // As an older bench summed it up.
  for (const TableSummary& table : scratch->summarize().tables)
    CHECK(table.rows == (table.name == "plain" ? 3 : 0));
}

TEST_CASE(
    "mariadb: a table that is versioned by transactions has its present rows in a backup, and it is said") {
  const Site site;
  site.run(
      {"CREATE TABLE counted (id INT PRIMARY KEY, a INT, since BIGINT UNSIGNED GENERATED ALWAYS AS ROW "
       "START, "
       "till BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM "
       "VERSIONING ENGINE=InnoDB",
       versioned.at(0)});
  for (const char* table : {"counted", "plain"}) change_rows(site, table);
  CHECK_THAT(get_backend("mariadb").open_exporter(site.settings.for_changes(), {})->restore_limits().at(0),
             Catch::Contains("only the present rows") && Catch::EndsWith("counted"));
  const auto scratch = site.scratch();
  load(*scratch, dump_of(site));
  CHECK(scratch->summarize() == site.summary());
  CHECK_THAT(scratch->lacking().at(0), Catch::EndsWith(": counted"));
}

TEST_CASE("mariadb: a dump of other and newer servers is loaded as far as there is an equivalent") {
  const Site site;
  const auto scratch = site.scratch();
  load(*scratch,
       "-- MySQL dump 10.13  Distrib 8.0.36\n"
       "/*!50503 SET NAMES utf8mb4 */;\nSET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\n"
       "SET @@SESSION.SQL_LOG_BIN= 0;\nSET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '';\n"
       "SET some_variable_of_tomorrow = 1;\n"
       "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE "
       "utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;\nUSE `shop`;\n"
       "DROP TABLE IF EXISTS `t`;\n"
       "CREATE TABLE `t` (`a` varchar(50) COLLATE utf8mb4_0900_as_cs DEFAULT NULL) ENGINE=InnoDB DEFAULT "
       "CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\n"
       "LOCK TABLES `t` WRITE;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n"
       "INSERT INTO `t` VALUES ('a'),('utf8mb4_0900_ai_ci');\n/*!40000 ALTER TABLE `t` ENABLE KEYS */;\n"
       "UNLOCK TABLES;\nALTER DATABASE `shop` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;\n"
       "CREATE TABLE `u` (`a` text) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;\n"
       "-- Dump completed on 2024-01-01  0:00:00\n");
  CHECK(
      to_integer(
          scratch->connection().query("SELECT count(*) FROM t WHERE a = 'utf8mb4_0900_ai_ci'").at(0).at(0)) ==
      1);
  CHECK(to_text(scratch->connection().query("SHOW CREATE TABLE u").at(0).at(1))
            .find("utf8mb4_uca1400_nopad_ai_ci") != std::string::npos);
  CHECK_THAT(why_refused(*scratch, "CREATE TABLE x (a int) COLLATE=klingon_ci;\n"),
             Catch::Contains("klingon_ci"));
}

TEST_CASE("mariadb: a hostile dump stays in the scratch database") {
  const Site site;
  const Site other;
  other.run({"CREATE TABLE t (a INT)"});
  site.run({"CREATE TABLE t (a INT)"});
  const auto scratch = site.scratch();
  const std::string victim = "`" + other.settings.app.name + "`.`t`",
                    live = "`" + site.settings.app.name + "`.t";
  const std::vector<std::string> attacks{
      "INSERT INTO " + victim + " VALUES (1)",
      "INSERT /*!99999 INTO t */ INTO " + live + " VALUES (1)",
      "/*!99999 SET */ INSERT INTO " + victim + " VALUES (1)",
      "SET STATEMENT max_statement_time = 1 FOR INSERT INTO " + victim + " VALUES (1)",
      "DROP TABLE " + live,
      "ALTER TABLE " + victim + " ADD COLUMN b INT",
      "CREATE TABLE c AS SELECT * FROM " + victim,
      "CREATE TABLE c LIKE " + victim,
      "RENAME TABLE " + live + " TO c",
      "TRUNCATE " + victim,
      "CALL sys.execute_prepared_stmt('DROP TABLE t')",
      "PREPARE p FROM 'DROP TABLE t'",
      "GRANT ALL ON *.* TO nobody",
      "CREATE USER nobody",
      "USE mysql;\nUSE " + other.settings.app.name,
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
      "SELECT 1 INTO OUTFILE '/tmp/never'",
      "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
      "CREATE TABLE c (a INT) ENGINE=MyISAM DATA DIRECTORY='/tmp'",
      "CREATE TABLE m (a INT) ENGINE=MERGE UNION=(" + victim + ")",
      "BEGIN NOT ATOMIC DROP TABLE " + victim + "; END;\nnonsense",
  };
  for (const std::string& attack : attacks) {
    INFO(attack);
    CHECK(why_refused(*scratch, attack + ";\n") != "it was loaded");
  }
  // What is only seen when it runs is refused by the server.
  load(*scratch,
       "CREATE TABLE c (a INT);\nCREATE DEFINER=`root`@`localhost` TRIGGER g BEFORE INSERT ON c FOR EACH ROW "
       "INSERT INTO " +
           victim + " VALUES (NEW.a);\n");
  CHECK_THAT(why_refused(*scratch, "INSERT INTO c VALUES (1);\n"), Catch::Contains("denied"));
  CHECK_THAT(why_refused(*scratch, "INSERT INTO c VALUES ((SELECT 1 FROM mysql.user));\n"),
             Catch::Contains("denied"));
  CHECK(site.admin->query("SELECT * FROM t").empty());
  CHECK(other.admin->query("SELECT * FROM t").empty());
}

TEST_CASE("mariadb: definers become the app's account, unless the live database has the very same object") {
  const Site site;
  site.run({"CREATE TABLE t (a INT)", "CREATE PROCEDURE same() SELECT 1", "CREATE PROCEDURE other() SELECT 1",
            "CREATE TRIGGER same_too BEFORE INSERT ON t FOR EACH ROW SET @a = 1"});
  const std::string text = tool_dump(site, "--routines --events");
  site.run({"DROP PROCEDURE other", "CREATE DEFINER=`root`@`localhost` PROCEDURE other() SELECT 2",
            "CREATE VIEW gone AS SELECT * FROM t", "CREATE PROCEDURE gone() SELECT 1"});
  const auto scratch = site.scratch();
  load(*scratch,
       text +
           "DELIMITER ;;\nCREATE DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER VIEW v AS SELECT 1;;\n"
           "CREATE DEFINER=`root`@`%` EVENT e ON SCHEDULE EVERY 1 SECOND ENABLE DO INSERT INTO t VALUES "
           "(1);;\n"
           "DELIMITER ;\n-- Dump completed\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
  CHECK(scratch->connection().query("SELECT * FROM t").empty());
  scratch->swap_in(*site.admin, [] {});
  const auto definer = [&](const std::string& name) {
    return site.text(
        "SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND "
        "ROUTINE_NAME = '" +
        name + "'");
  };
  const std::string app = site.settings.app.user + "@localhost";
  CHECK(definer("same") == "root@localhost");
  CHECK_THAT(scratch->given_to_others().at(0),
             Catch::StartsWith("run with the rights of `") && Catch::EndsWith(": other, v, e"));
  CHECK(definer("other") == app);
  CHECK(site.text("SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()") ==
        "root@localhost");
  CHECK(site.text("SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND "
                  "TABLE_NAME = 'v'") == app);
  CHECK(
      site.text(
          "SELECT CONCAT(DEFINER, STATUS) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()") ==
      app + "ENABLED");
  CHECK(site.admin->query("SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()")
            .size() == 2);
  CHECK(site.admin->query("SELECT 1 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()").size() ==
        1);
}

TEST_CASE("mariadb: after a swap sequences, keys, rights and programs are those of the live database") {
  const Site site;
  const std::string account = "`" + site.settings.app.user + "`@`localhost`";
  site.run(content);
  site.run({"CREATE TABLE only_old (a INT)", "CREATE VIEW becomes_table AS SELECT 1 AS a",
            "CREATE TABLE becomes_view (a INT)", "GRANT UPDATE (words) ON parent TO " + account,
            "GRANT EXECUTE ON PROCEDURE add_one TO " + account});
  const auto grants = site.admin->query("SHOW GRANTS FOR " + account);
  const auto scratch = site.scratch();
  for (std::string statement : content) scratch->connection().execute(statement);
  scratch->connection().execute("CREATE TABLE becomes_table (a INT)");
  scratch->connection().execute("CREATE VIEW becomes_view AS SELECT 1 AS a");
  scratch->connection().execute("INSERT INTO parent (words) VALUES ('three')");
  const ContentSummary summary = scratch->summarize();
  const std::string mode = site.text("SELECT @@sql_mode");
  scratch->swap_in(*site.admin, [] {});
  CHECK(site.summary() == summary);
  CHECK(site.text("SELECT @@sql_mode") == mode);
  CHECK(site.admin->query("SHOW GRANTS FOR " + account) == grants);
  const auto app = open_as_app(site.settings);
  app->execute("INSERT INTO parent (words) VALUES ('four')");
  CHECK(to_integer(app->query("SELECT id FROM parent WHERE words = 'four!'").at(0).at(0)) == 4);
  CHECK_THROWS_WITH(app->execute("INSERT INTO child VALUES (9, 99)"), Catch::Contains("to_parent"));
  app->execute("CALL add_one()");
  CHECK(to_integer(app->query("SELECT counted()").at(0).at(0)) == 5);
  CHECK(app->query("SELECT * FROM both_of").size() == 1);
}

namespace {

const std::vector<std::string> old_content{
    "CREATE SEQUENCE numbers",
    "CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY, words TEXT)",
    "CREATE TABLE becomes_view (a INT)",
    "INSERT INTO t (words) VALUES ('old')",
    "CREATE VIEW becomes_table AS SELECT * FROM t",
    "CREATE VIEW both_of AS SELECT words FROM t",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.words = 'by the old trigger'",
    "CREATE FUNCTION f() RETURNS INT RETURN 1",
    "CREATE PROCEDURE only_old() SELECT 1",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO SELECT 1"};
const std::vector<std::string> new_content{
    "CREATE SEQUENCE numbers",
    "CREATE TABLE t (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY, words TEXT, more INT)",
    "CREATE TABLE becomes_table (a INT)",
    "INSERT INTO t (words) VALUES ('new')",
    "CREATE VIEW becomes_view AS SELECT * FROM t",
    "CREATE VIEW both_of AS SELECT words, more FROM t",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.words = 'by the new trigger'",
    "CREATE TRIGGER h BEFORE UPDATE ON t FOR EACH ROW SET NEW.words = 'too'",
    "CREATE FUNCTION f() RETURNS INT RETURN 2",
    "CREATE PROCEDURE only_new() SELECT 1"};

void fill(Scratch& scratch) {
  for (const std::string& statement : new_content) scratch.connection().execute(statement);
}

/// One of the two contents, whole: "old" or "new".
std::string which(const Site& site) {
  const std::string words = site.text("SELECT words FROM t");
  static const ContentSummary old_summary = [] {
    const Site one;
    one.run(old_content);
    return one.summary();
  }();
  static const ContentSummary new_summary = [] {
    const Site one;
    one.run(new_content);
    return one.summary();
  }();
  CHECK(site.summary() == (words == "old" ? old_summary : new_summary));
  site.admin->execute("DELETE FROM t");
  site.admin->execute("INSERT INTO t (words) VALUES ('x')");
  CHECK(site.text("SELECT words FROM t") == fmt::format("by the {} trigger", words));
  return words;
}

/// The names of a swap under the operation `test`.
MariadbSwapNames names_of(const Site& site) {
  return {site.settings.app.name, mariadb_scratch_name(site.settings, "test"),
          mariadb_replaced_name(site.settings, "test")};
}

std::vector<MariadbObject> programs_of(const ConnectionSettings& settings) {
  MariadbDatabase database(settings, {});
  database.execute("SET SESSION sql_mode = ''");
  return mariadb_programs(database);
}

/// Cuts a swap off after this many of its statements; whether there were as many.
bool cut_off_after(const Site& site, std::size_t count) {
  const MariadbSwapNames names = names_of(site);
  ConnectionSettings scratch = *site.settings.admin;
  scratch.name = names.scratch;
  const auto old_programs = programs_of(*site.settings.admin), new_programs = programs_of(scratch);
  MariadbDatabase run(*site.settings.admin, {});
  MariadbSwap swap(run, names);
  swap.save(plan_mariadb_swap(run, names, old_programs, new_programs));
  const auto statements = swap.statements(MariadbSwap::Way::forwards);
  for (std::size_t at = 0; at < std::min(count, statements.size()); ++at) run.execute(statements[at]);
  return count <= statements.size();
}

}  // namespace

TEST_CASE("mariadb: a swap that is cut off after any of its statements is finished or undone, whole") {
  std::string before = "old";
  int changes = 0;
  for (std::size_t count = 0;; ++count) {
    INFO("after " << count << " statements");
    const Site site;
    site.run(old_content);
    auto scratch = site.scratch();
    fill(*scratch);
    as_if_killed(std::move(scratch));
    if (!cut_off_after(site, count)) {
      get_backend("mariadb").recover_scratch(site.settings, site.folder.path(), "test");
      break;
    }
    get_backend("mariadb").recover_scratch(site.settings, site.folder.path(), "test");
    const std::string now = which(site);
    if (now != before) ++changes;
    before = now;
    CHECK(site.leftovers() == 0);
    CHECK_NOTHROW(get_backend("mariadb").recover_scratch(site.settings, site.folder.path(), "test"));
  }
  CHECK(before == "new");
  CHECK(changes == 1);
}

TEST_CASE("mariadb: a swap that cannot be finished is undone") {
  const Site site;
  site.run(old_content);
  {
    const auto scratch = site.scratch();
    fill(*scratch);
    // A view that takes its place beside the tables and cannot be created there.
    scratch->connection().execute("ALTER TABLE t DROP COLUMN more");
    CHECK_THROWS_AS(scratch->swap_in(*site.admin, [] {}), Error);
  }
  CHECK(which(site) == "old");
  CHECK(site.leftovers() == 0);
}

TEST_CASE("mariadb: a process that is killed while it swaps leaves one content or the other") {
  for (int milliseconds = 0; milliseconds < 60; milliseconds += 6) {
    const Site site;
    site.run(old_content);
    {
      auto scratch = site.scratch();
      fill(*scratch);
      as_if_killed(std::move(scratch));
    }
    ForkedChild child([&site](const std::function<void()>& ready) {
      ready();
      cut_off_after(site, 1'000);
    });
    REQUIRE(child.wait_until_ready());
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    child.kill();
    get_backend("mariadb").recover_scratch(site.settings, site.folder.path(), "test");
    which(site);
    CHECK(site.leftovers() == 0);
  }
}

namespace {

/// An administrator with the rights that the documentation asks for, and no more.
struct SiteOfModestAdmin : Site {
  SiteOfModestAdmin() {
    account = "`" + settings.app.name + "_admin`@`localhost`";
    std::string pattern = settings.app.name;
    pattern.insert(pattern.find('_'), "\\");
    run({"CREATE USER " + account + " IDENTIFIED BY 'modest'", "GRANT SELECT ON mysql.* TO " + account,
         "GRANT RELOAD, PROCESS, CONNECTION ADMIN ON *.* TO " + account});
    for (const char* databases : {"", "\\_bench\\_%"})
      admin->execute("GRANT ALL PRIVILEGES ON `" + pattern + databases + "`.* TO " + account +
                     " WITH GRANT OPTION");
    root = settings;
    settings.admin->user = settings.app.name + "_admin";
    settings.admin->password = "modest";
  }
  ~SiteOfModestAdmin() { admin->execute("DROP USER " + account); }
  std::string account;
  SiteDatabase root;
};

}  // namespace

TEST_CASE("mariadb: an administrator of one database alone restores it, and its dump writes nowhere else") {
  const SiteOfModestAdmin site;
  site.run(content);
  const std::string text = tool_dump(site, "--routines --events --triggers");
  const ContentSummary summary = site.summary();
  const auto run = test::open(site.settings);
  const auto fence = get_backend("mariadb").make_fence(site.settings, nullptr);
  nlohmann::json saved = nlohmann::json::array();
  fence->enter({}, [&saved](const nlohmann::json& inverse) { saved.push_back(inverse); });
  {
    const auto scratch = site.scratch();
    load(*scratch, text);
    CHECK(scratch->summarize() == summary);
    for (const std::string& attack :
         {"INSERT INTO `" + site.settings.app.name + "`.child VALUES (7, 1)",
          "/*!99999 SET */ DROP TABLE `" + site.settings.app.name + "`.child", std::string("CALL add_one()")})
      CHECK_THAT(why_refused(*scratch, attack + ";\n"), Catch::Contains("not restored"));
    scratch->swap_in(*run, [] {});
  }
  CHECK(site.summary() == summary);
  // Both events stay its own.
  const auto notes = fence->lift(saved);
  REQUIRE(notes.size() == 2);
  CHECK_THAT(notes[0], Catch::StartsWith("the EVENT later runs with the rights of " + site.account) &&
                           Catch::Contains("SET USER"));
  open_as_app(site.settings)->execute("CALL add_one()");
  CHECK(site.leftovers() == 0);
}

namespace {

// Over a connection in latin1, some while the database had another collation: the bytes are not UTF-8.
const std::vector<std::string> western{
    "SET NAMES latin1 COLLATE latin1_german1_ci",
    "CREATE TABLE `t\xe4"
    "b` (`sp\xe4lte` VARCHAR(20), n INT)",
    "INSERT INTO `t\xe4"
    "b` VALUES ('m\xfcller', 1)",
    "CREATE VIEW `v\xe4` AS SELECT 'gr\xfc\xdf' AS `g\xfc` FROM `t\xe4"
    "b` WHERE `sp\xe4lte` = 'm\xfcller'",
    "CREATE TRIGGER `tr\xe4` BEFORE INSERT ON `t\xe4"
    "b` FOR EACH ROW SET NEW.`sp\xe4lte` = 'gr\xfc\xdf'",
    "ALTER DATABASE COLLATE latin1_general_cs",
    "CREATE FUNCTION `f\xfc`(a VARCHAR(9)) RETURNS TEXT DETERMINISTIC RETURN CONCAT_WS(' ', "
    "HEX(_binary'\xff;;\\\\'), "
    "CHARSET('\xfc'), COLLATION('\xfc'), HEX('\xfc'), COLLATION(a))",
    "CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT '\xe4'",
    "ALTER DATABASE COLLATE utf8mb4_unicode_ci",
    "SET NAMES utf8mb4"};
// What mariadb-dump itself loses: the name.
const std::vector<std::string> western_event{
    "SET NAMES latin1",
    "CREATE EVENT `e\xe4` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT '\xe4'",
    "SET NAMES utf8mb4"};

/// All that the server keeps of views, routines, triggers and events but for when they were made, by whom,
/// and whether events are switched on.
std::vector<Row> kept_programs(Database& database, const std::string& name) {
  return database.query(fmt::format(
      "SELECT 'view', TABLE_NAME, HEX(REPLACE(VIEW_DEFINITION, '`{0}`.', '')), CHARACTER_SET_CLIENT, "
      "COLLATION_CONNECTION, '' FROM "
      "information_schema.VIEWS WHERE TABLE_SCHEMA = '{0}' UNION ALL SELECT TYPE, name, HEX(body), "
      "character_set_client, collation_connection, db_collation FROM mysql.proc WHERE db = '{0}' UNION ALL "
      "SELECT "
      "'trigger', TRIGGER_NAME, HEX(ACTION_STATEMENT), CHARACTER_SET_CLIENT, COLLATION_CONNECTION, "
      "DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '{0}' UNION ALL SELECT "
      "'event', "
      "name, HEX(body), character_set_client, collation_connection, db_collation FROM mysql.event WHERE db = "
      "'{0}' "
      "ORDER BY 1, 2",
      name));
}

std::string own_dump(const Site& site) {
  std::string text;
  get_backend("mariadb")
      .open_exporter(site.settings.for_changes(), {})
      ->write([&text](std::string_view bytes) { text += bytes; }, {}, {});
  return text;
}

/// What was made over connections in latin1 does what it did.
void check_western(Database& database) {
  CHECK(to_text(database.query("SELECT `f\xc3\xbc`('')").at(0).at(0)) ==
        "FF3B3B5C latin1 latin1_german1_ci FC latin1_general_cs");
  database.execute(
      "INSERT INTO `t\xc3\xa4"
      "b` VALUES ('', 2)");
  CHECK(to_text(database
                    .query("SELECT `sp\xc3\xa4lte` FROM `t\xc3\xa4"
                           "b` WHERE n = 2")
                    .at(0)
                    .at(0)) == "gr\xc3\xbc\xc3\x9f");
  CHECK(to_text(database.query("SELECT `g\xc3\xbc` FROM `v\xc3\xa4`").at(0).at(0)) == "gr\xc3\xbc\xc3\x9f");
}

}  // namespace

TEST_CASE("mariadb: what was made over a connection in another character set is the same after a restore") {
  const Site site;
  site.run(western);
  const bool is_own = GENERATE(true, false);
  INFO((is_own ? "a dump of bench" : "a dump of mariadb-dump"));
  if (is_own) site.run(western_event);
  const auto before = kept_programs(*site.admin, site.settings.app.name);
  REQUIRE(before.size() == (is_own ? 5 : 4));
  const ContentSummary summary = site.summary();
  const auto scratch = site.scratch();
  load(*scratch, is_own ? own_dump(site) : tool_dump(site, "--routines --events"));
  CHECK(scratch->summarize() == summary);
  CHECK(kept_programs(*site.admin, mariadb_scratch_name(site.settings, "test")) == before);
  // All of them are made anew, in another session than the one that loaded them.
  site.run({"DROP VIEW `v\xc3\xa4`", "DROP FUNCTION `f\xc3\xbc`", "DROP EVENT later"});
  scratch->swap_in(*site.admin, [] {});
  CHECK(kept_programs(*site.admin, site.settings.app.name) == before);
  CHECK(site.admin
            ->query("SELECT 1 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND STATUS = "
                    "'ENABLED'")
            .size() == (is_own ? 2 : 1));
  CHECK(site.text("SELECT @@collation_database") == "utf8mb4_unicode_ci");
  CHECK(site.text("SELECT @@character_set_client") == "utf8mb4");
  check_western(*site.admin);
}

TEST_CASE(
    "mariadb: a swap that is undone leaves the character sets of what it replaced, and the database's own") {
  const Site site;
  site.run(western);
  const auto before = kept_programs(*site.admin, site.settings.app.name);
  for (const std::size_t count : {1, 2, 3, 4, 5}) {
    auto scratch = site.scratch();
    scratch->connection().execute("CREATE TABLE t (a INT)");
    scratch->connection().execute("ALTER DATABASE COLLATE latin1_bin");
    as_if_killed(std::move(scratch));
    REQUIRE(cut_off_after(site, count));
    const MariadbSwapNames names = names_of(site);
    const auto run = test::open(site.settings);
    auto& server = dynamic_cast<MariadbDatabase&>(*run);
    MariadbSwap(server, names).run(MariadbSwap::Way::backwards);
    get_backend("mariadb").recover_scratch(site.settings, site.folder.path(), "test");
    CHECK(kept_programs(*site.admin, site.settings.app.name) == before);
    CHECK(site.text("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = "
                    "DATABASE()") == "utf8mb4_unicode_ci");
  }
  check_western(*site.admin);
}

TEST_CASE("mariadb: the collation of the database comes with its content") {
  const Site site;
  site.run({"ALTER DATABASE COLLATE latin1_bin", "CREATE TABLE t (a INT)"});
  const std::string text = own_dump(site);
  site.run({"ALTER DATABASE COLLATE utf8mb4_unicode_ci"});
  const auto scratch = site.scratch();
  load(*scratch, text);
  scratch->swap_in(*site.admin, [] {});
  CHECK(
      site.text(
          "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()") ==
      "latin1_bin");
}

TEST_CASE(
    "mariadb: a character set whose bytes mislead is told: in a database it is made UTF-8, a dump is "
    "refused") {
  const Site site;
  site.run({"SET NAMES sjis", "CREATE FUNCTION f() RETURNS TEXT DETERMINISTIC RETURN HEX('\x95\x5c')",
            "SET NAMES utf8mb4"});
  const auto limits = get_backend("mariadb").open_exporter(site.settings.for_changes(), {})->restore_limits();
  REQUIRE(limits.size() == 1);
  CHECK_THAT(limits.at(0), Catch::Contains("sjis") && Catch::EndsWith(": f"));
  CHECK_THAT(why_refused(*site.scratch(), tool_dump(site, "--routines")), Catch::Contains("sjis"));
  const auto scratch = site.scratch();
  load(*scratch, own_dump(site));
  CHECK(to_text(scratch->connection().query("SELECT f()").at(0).at(0)) == "955C");
  CHECK(scratch->summarize() == site.summary());
}

TEST_CASE("mariadb: a swap that such an administrator cannot finish is undone, triggers of others included") {
  const SiteOfModestAdmin site;
  site.run(old_content);
  const auto run = test::open(site.settings);
  {
    const auto scratch = site.scratch();
    fill(*scratch);
    scratch->connection().execute("ALTER TABLE t DROP COLUMN more");
    CHECK_THROWS_AS(scratch->swap_in(*run, [] {}), Error);
  }
  CHECK(which(site) == "old");
  CHECK(site.leftovers() == 0);
}

TEST_CASE("mariadb: who may not create the scratch database is told what to grant") {
  const Site site;
  SiteDatabase alone{.app = site.settings.app, .admin = {}};
  try {
    get_backend("mariadb").make_scratch(alone, {}, site.folder.path(), "test");
    FAIL("it was created");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::configuration);
    CHECK_THAT(error.hint(), Catch::Contains("admin account") && !Catch::Contains("GRANT"));
  }
  alone.admin = alone.app;
  try {
    get_backend("mariadb").make_scratch(alone, {}, site.folder.path(), "test");
    FAIL("it was created");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::configuration);
    CHECK_THAT(error.hint(), Catch::Contains("\\_bench\\_%") && Catch::Contains(alone.app.user));
  }
}

TEST_CASE("mariadb: the names of a scratch keep within the server's limit, and too long ones are refused") {
  SiteDatabase site;
  site.app.name = std::string(40, 'x');
  const std::string name = mariadb_scratch_name(site, "20261121-034100-migrate-1f2e");
  CHECK(name.starts_with(site.app.name + "_bench_"));
  CHECK(mariadb_replaced_name(site, "20261121-034100-migrate-1f2e").size() == 64);
  CHECK(name != mariadb_scratch_name(site, "20261121-034100-migrate-1f2f"));
  site.app.name = std::string(60, 'x');
  CHECK_THROWS_AS(mariadb_scratch_name(site, "20261121-034100-migrate-1f2e"), Error);
}

TEST_CASE("mariadb: tables of other databases that refer to this one stand against a swap") {
  const Site site;
  const Site other;
  site.run({"CREATE TABLE parent (id INT PRIMARY KEY)"});
  other.run({"CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES `" + site.settings.app.name +
             "`.parent (id))"});
  {
    const auto scratch = site.scratch();
    scratch->connection().execute("CREATE TABLE parent (id INT PRIMARY KEY)");
    CHECK_THROWS_WITH(scratch->swap_in(*site.admin, [] {}), Catch::Contains(other.settings.app.name));
  }
  CHECK(site.leftovers() == 0);
  other.run({"DROP TABLE child"});
}

TEST_CASE("mariadb: readers go on while a scratch is swapped in, and one that holds a table is waited for") {
  const Site site;
  site.run(content);
  const auto scratch = site.scratch();
  load(*scratch, tool_dump(site, "--routines --events"));
  scratch->connection().execute("INSERT INTO child VALUES (2, 2)");
  std::atomic<bool> swapped = false;
  std::atomic<int> reads = 0;
  std::mutex mutex;
  std::set<std::string> surprises;
  std::vector<std::thread> readers;
  for (int index = 0; index < 3; ++index)
    readers.emplace_back([&, reads_in_transaction = index == 0] {
      const auto app = open_as_app(site.settings, Access::read_only);
      try {
        for (int rounds_after = 0; rounds_after < 3; rounds_after += swapped ? 1 : 0, ++reads) {
          const Transaction transaction(*app);
          const std::size_t rows = app->query("SELECT * FROM both_of").size();
          if (rows != 1 && rows != 2) throw Error(Kind::unexpected, "half of a content was read");
          app->query("SELECT counted()");
          if (reads_in_transaction) std::this_thread::sleep_for(std::chrono::milliseconds(700));
        }
      } catch (const Error& error) {
        const std::lock_guard lock(mutex);
        surprises.insert(error.what());
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const int before = reads;
  scratch->swap_in(*site.admin, [] {});
  swapped = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(reads > before);
  CHECK(surprises == std::set<std::string>());
  CHECK(site.admin->query("SELECT * FROM both_of").size() == 2);
}
