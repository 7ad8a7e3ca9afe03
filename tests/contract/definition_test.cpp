// Whether the definition of what a statement names proves that the statement took effect.
#include <catch2/catch.hpp>

#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

struct Opened : OpenDatabase {
  using OpenDatabase::OpenDatabase;
  /// Whether the statement changed what `definition_of` tells; it must tell something.
  bool shows(const char* statement) {
    const auto before = admin->definition_of(statement);
    REQUIRE(before);
    admin->execute(statement);
    const auto after = admin->definition_of(statement);
    REQUIRE(after);
    return *before != *after;
  }
};

}  // namespace

TEST_CASE("mariadb: the definition of what it names tells whether a statement took effect") {
  Opened opened("mariadb");
  for (const char* statement :
       {"CREATE TABLE `a b` (id INT AUTO_INCREMENT PRIMARY KEY, n INT)", "ALTER TABLE `a b` ADD COLUMN m INT",
        "CREATE UNIQUE INDEX i ON `a b` (n)", "ALTER ONLINE TABLE `a b` COMMENT = 'x'",
        "DROP INDEX i ON `a b`",
        "CREATE OR REPLACE ALGORITHM = MERGE DEFINER = CURRENT_USER SQL SECURITY INVOKER VIEW v AS SELECT 1 "
        "AS one",
        "CREATE TRIGGER g BEFORE INSERT ON `a b` FOR EACH ROW SET NEW.n = 1", "DROP TRIGGER g",
        "CREATE PROCEDURE p() SELECT 1", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1",
        "CREATE SEQUENCE s", "RENAME TABLE `a b` TO c", "DROP VIEW v", "DROP TABLE IF EXISTS c"}) {
    INFO(statement);
    CHECK(opened.shows(statement));
  }
}

TEST_CASE("mariadb: where a definition proves nothing, it says so, and what may run twice shows no change") {
  Opened opened("mariadb");
  for (const char* table : {"a", "b"})
    opened.admin->execute(std::string("CREATE TABLE ") + table + " (id INT AUTO_INCREMENT PRIMARY KEY)");
  for (const char* statement :
       {"DROP TABLE a, b", "RENAME TABLE a TO x, b TO a", "CALL p()",
        "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", "INSERT INTO a VALUES (1)"}) {
    INFO(statement);
    CHECK_FALSE(opened.admin->definition_of(statement));
  }
  opened.admin->execute("INSERT INTO a VALUES (1), (2)");
  for (const char* statement :
       {"TRUNCATE TABLE a", "ALTER TABLE a AUTO_INCREMENT = 7", "ALTER TABLE a FORCE"}) {
    INFO(statement);
    CHECK_FALSE(opened.shows(statement));
  }
}

TEST_CASE("postgres: the definition of an index or an enum tells whether a statement took effect") {
  Opened opened("postgres");
  opened.admin->execute("CREATE TABLE t (a INT)");
  opened.admin->execute("CREATE TYPE \"My mood\" AS ENUM ('sad')");
  for (const char* statement :
       {"CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (a)", "DROP INDEX CONCURRENTLY public.\"I\"",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "ALTER TYPE \"My mood\" ADD VALUE 'glad' BEFORE 'sad'"}) {
    INFO(statement);
    CHECK(opened.shows(statement));
  }
  for (const char* statement : {"CREATE INDEX CONCURRENTLY ON t (a)", "DROP INDEX CONCURRENTLY i, j"})
    CHECK_FALSE(opened.admin->definition_of(statement));
  // What is left when it is cut off is neither there nor not there.
  opened.admin->execute("DROP INDEX i");
  opened.admin->execute("INSERT INTO t VALUES (1), (1)");
  const char* fails = "CREATE UNIQUE INDEX CONCURRENTLY twice ON t (a)";
  CHECK_THROWS(opened.admin->execute(fails));
  CHECK_FALSE(opened.admin->definition_of(fails));
}
