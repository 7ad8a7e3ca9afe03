#include "database/splitter.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "base/error.hpp"

using namespace bench;

namespace {

std::vector<std::string> texts(std::string_view sql, Dialect dialect) {
  std::vector<std::string> all;
  for (const Statement& statement : split_statements(sql, dialect)) all.push_back(statement.text);
  return all;
}

using Texts = std::vector<std::string>;

std::string refusal(std::string_view sql, Dialect dialect) {
  try {
    split_statements(sql, dialect);
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::configuration);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("statements are cut at semicolons") {
  const Dialect dialect = GENERATE(Dialect::sqlite, Dialect::mariadb, Dialect::postgres);
  CHECK(texts("a;b;", dialect) == Texts{"a", "b"});
  CHECK(texts("a;b", dialect) == Texts{"a", "b"});
  CHECK(texts(" a ; \n\t b\n", dialect) == Texts{"a", "b"});
  CHECK(texts("", dialect).empty());
  CHECK(texts(";;; ;", dialect).empty());
  CHECK(texts("-- only\n/* comments */;\n", dialect).empty());
  CHECK(texts("SELECT ';', 'it''s;', \";\" ; b", dialect) == Texts{"SELECT ';', 'it''s;', \";\"", "b"});
  CHECK(texts("a -- ; no\n+ /* ; */ 1; b", dialect) == Texts{"a -- ; no\n+ /* ; */ 1", "b"});
  CHECK(texts("-- first\na;\n-- second\nb;\n-- last", dialect) == Texts{"-- first\na", "-- second\nb"});
  CHECK(texts("\xEF\xBB\xBFSELECT 1;", dialect) == Texts{"SELECT 1"});
  CHECK(texts("SELECT 1;\r\nSELECT\r\n2;\r\n", dialect) == Texts{"SELECT 1", "SELECT\r\n2"});
  CHECK(texts("SELECT '\xEF\xBB\xBF\xE2\x82\xAC;';x", dialect) ==
        Texts{"SELECT '\xEF\xBB\xBF\xE2\x82\xAC;'", "x"});
}

TEST_CASE("a statement knows its line, its first token and its leading words") {
  const auto statements = split_statements(
      "-- head\n\n/* two\nlines */ create /* x */ Table t (a);\n\n insert into `t` values (1);\nDROP TABLE "
      "IF EXISTS t;",
      Dialect::mariadb);
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].line == 4);
  CHECK(statements[0].keywords == "CREATE TABLE T");
  CHECK(statements[0].text.substr(statements[0].first_token) == "create /* x */ Table t (a)");
  CHECK(statements[1].line == 6);
  CHECK(statements[1].keywords == "INSERT INTO");
  CHECK(statements[1].first_token == 0);
  CHECK(statements[2].line == 7);
  CHECK(statements[2].keywords == "DROP TABLE IF EXISTS");
}

TEST_CASE("what is not closed is refused with its line") {
  CHECK(refusal("a;\n\nSELECT 'x;\n", Dialect::sqlite) == "line 3: a string begins here and is not closed");
  CHECK(refusal("\"x", Dialect::postgres) == "line 1: a quoted name or string begins here and is not closed");
  CHECK(refusal("a;\n[x", Dialect::sqlite) == "line 2: a quoted name begins here and is not closed");
  CHECK(refusal("a /* x", Dialect::mariadb) == "line 1: a comment begins here and is not closed");
  CHECK(refusal("a /* /* */", Dialect::postgres) == "line 1: a comment begins here and is not closed");
  CHECK(refusal("a $q$ $$ ", Dialect::postgres) ==
        "line 1: a dollar-quoted string begins here and is not closed");
  CHECK(refusal("a;\nb (c;", Dialect::postgres) ==
        "line 2: the statement that begins here has a parenthesis that is not closed");
  CHECK(refusal("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; ", Dialect::sqlite) ==
        "line 1: the statement that begins here has a trigger body that is not closed");
  CHECK(refusal("\nBEGIN NOT ATOMIC SELECT 1; ", Dialect::mariadb) ==
        "line 2: the statement that begins here has a BEGIN, IF, CASE or loop that is not closed");
  CHECK(refusal("SELECT 'a\\'", Dialect::mariadb) == "line 1: a string begins here and is not closed");
}

TEST_CASE("SQLite quotes names in four ways, and an open comment runs to the end") {
  CHECK(texts("SELECT `;`, [;'], \"a\"\"; \", 'b\\';x", Dialect::sqlite) ==
        Texts{"SELECT `;`, [;'], \"a\"\"; \", 'b\\'", "x"});
  CHECK(texts("a; b /* c; d", Dialect::sqlite) == Texts{"a", "b /* c; d"});
  CHECK(texts("a; /* c; d", Dialect::sqlite) == Texts{"a"});
  CHECK(texts("a /* /* */; b */", Dialect::sqlite) == Texts{"a /* /* */", "b */"});
  CHECK(texts("a--;\nb;c", Dialect::sqlite) == Texts{"a--;\nb", "c"});
  CHECK(texts("a # b;c", Dialect::sqlite) == Texts{"a # b", "c"});
}

TEST_CASE("an SQLite trigger ends at the END behind a semicolon") {
  const std::string body =
      "AFTER UPDATE ON a BEGIN UPDATE b SET x = CASE WHEN 1 THEN 2 END; SELECT CASE x WHEN 1 THEN 2 END;\n"
      "-- END;\nSELECT 'END;'; /* x */ END";
  for (const std::string head :
       {"CREATE TRIGGER t ", "create temp trigger IF NOT EXISTS t ", "CREATE /* c */ TEMPORARY\nTRIGGER t ",
        "EXPLAIN CREATE TRIGGER t ", "EXPLAIN QUERY PLAN CREATE TRIGGER t "}) {
    INFO(head);
    CHECK(texts(head + body + "; b;", Dialect::sqlite) == Texts{head + body, "b"});
    CHECK(texts(head + body, Dialect::sqlite) == Texts{head + body});
  }
  CHECK(texts("CREATE TABLE trigger (a); BEGIN; END; c", Dialect::sqlite) ==
        Texts{"CREATE TABLE trigger (a)", "BEGIN", "END", "c"});
  CHECK(texts("CREATE TABLE t (a); CREATE VIEW trigger AS SELECT 1; d", Dialect::sqlite).size() == 3);
}

TEST_CASE("MariaDB strings know backslashes, names do not") {
  CHECK(texts(R"(SELECT 'a\';', "b\";", `c\`; d)", Dialect::mariadb) ==
        Texts{R"(SELECT 'a\';', "b\";", `c\`)", "d"});
  CHECK(texts(R"(SELECT 'a\\'; d)", Dialect::mariadb) == Texts{R"(SELECT 'a\\')", "d"});
  CHECK(texts("SELECT `a``;`; [b; c]", Dialect::mariadb) == Texts{"SELECT `a``;`", "[b", "c]"});
}

TEST_CASE("MariaDB comments") {
  CHECK(texts("a # x;\nb; c", Dialect::mariadb) == Texts{"a # x;\nb", "c"});
  CHECK(texts("SELECT 5--3; c", Dialect::mariadb) == Texts{"SELECT 5--3", "c"});
  CHECK(texts("SELECT 5 --\t;\n; c", Dialect::mariadb) == Texts{"SELECT 5 --\t;", "c"});
  CHECK(texts("SELECT 5 --\n; c --", Dialect::mariadb) == Texts{"SELECT 5 --", "c --"});
  CHECK(texts("a /* /* */; b */", Dialect::mariadb) == Texts{"a /* /* */", "b */"});
}

TEST_CASE("MariaDB conditional comments are code") {
  const auto statements = split_statements(
      "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\n"
      "/*!40101 SET NAMES utf8mb4 */;\n/*!50001 CREATE VIEW v AS SELECT ';' */;\n/*M!100616 SET @a = "
      "1*/;\n/*! x */;",
      Dialect::mariadb);
  REQUIRE(statements.size() == 4);
  CHECK(statements[0].text ==
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\n/*!40101 SET NAMES utf8mb4 */");
  CHECK(statements[0].line == 3);
  CHECK(statements[0].keywords == "SET NAMES UTF8MB4");
  CHECK(statements[0].text.substr(statements[0].first_token) == "/*!40101 SET NAMES utf8mb4 */");
  CHECK(statements[1].text == "/*!50001 CREATE VIEW v AS SELECT ';' */");
  CHECK(statements[2].keywords == "SET");
  CHECK(statements[3].text == "/*! x */");
}

TEST_CASE("MariaDB's DELIMITER command") {
  CHECK(texts("DELIMITER //\nBEGIN a; b; END //\ndelimiter ;\nc; d;", Dialect::mariadb) ==
        Texts{"BEGIN a; b; END", "c", "d"});
  CHECK(texts("a;\n-- why\nDelimiter $$\nx; END$$\ny$$\nDELIMITER ;\nz", Dialect::mariadb) ==
        Texts{"a", "x; END", "y", "z"});
  CHECK(texts("DELIMITER ;;\r\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE INSERT "
              "ON a "
              "FOR EACH ROW BEGIN SET @a = ';;'; END */;;\r\nDELIMITER ;\r\nb;",
              Dialect::mariadb) ==
        Texts{"/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t BEFORE "
              "INSERT ON a FOR EACH ROW BEGIN SET @a = ';;'; END */",
              "b"});
  CHECK(texts("DELIMITER \"go\"\na; b\ngo\nc", Dialect::mariadb) == Texts{"a; b", "c"});
  CHECK(texts("a; DELIMITER |\nb;|c|", Dialect::mariadb) == Texts{"a", "b;", "c"});
  CHECK(texts("SELECT delimiter FROM t; a", Dialect::mariadb) == Texts{"SELECT delimiter FROM t", "a"});
  CHECK(texts("DELIMITER //\na; b;", Dialect::mariadb) == Texts{"a; b;"});
  CHECK(split_statements("DELIMITER //\na\n//\nDELIMITER ;\n\nb", Dialect::mariadb).at(1).line == 6);
  CHECK(refusal("a;\nDELIMITER \nb", Dialect::mariadb) ==
        "line 2: DELIMITER must be followed by characters other than a backslash");
  CHECK(texts("DELIMITER //\na; b //", Dialect::sqlite) == Texts{"DELIMITER //\na", "b //"});
}

TEST_CASE("MariaDB bodies without DELIMITER") {
  const std::string program = GENERATE(
      std::string("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END"),
      "CREATE OR REPLACE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS p(IN `begin` INT) COMMENT 'x;' MODIFIES SQL "
      "DATA "
      "BEGIN END",
      "CREATE DEFINER = begin@localhost FUNCTION f(a INT) RETURNS VARCHAR(10) CHARACTER SET utf8 "
      "DETERMINISTIC BEGIN "
      "RETURN IF(a > 1, CASE a WHEN 1 THEN 2 ELSE 3 END, REPEAT('x', 3)); END",
      "CREATE FUNCTION f() RETURNS INT RETURN IF(1, 2, 3)",
      "CREATE FUNCTION f() RETURNS SET('a', 'b') BEGIN RETURN 1; END",
      "CREATE AGGREGATE FUNCTION IF NOT EXISTS f(x INT) RETURNS INT BEGIN DECLARE CONTINUE HANDLER FOR NOT "
      "FOUND "
      "RETURN 1; LOOP FETCH GROUP NEXT ROW; END LOOP; END",
      "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
      "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = IF(NEW.end, 1, 2)",
      "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW FOLLOWS u BEGIN IF NEW.a THEN SET @b := IF(1, 2, 3); "
      "ELSEIF x "
      "THEN SELECT 1; ELSE IF y THEN SELECT 2; END IF; END IF; END",
      "CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW IF a THEN SET b = 1; END IF",
      "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS IF(1, NOW(), NOW()) ON COMPLETION PRESERVE DO BEGIN "
      "SELECT 1; END",
      "ALTER EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; END",
      "CREATE EVENT IF NOT EXISTS e ON SCHEDULE AT NOW() DO DELETE FROM a",
      "BEGIN NOT ATOMIC DECLARE x INT; SELECT 1; END", "IF (1 > 0) THEN SELECT 1; SELECT 2; END IF",
      "CREATE PROCEDURE p() BEGIN a: LOOP LEAVE a; END LOOP a; b: WHILE x DO SET y = 1; END WHILE b; "
      "REPEAT SET x = REPEAT('a', 2); UNTIL x END REPEAT; FOR i IN 1..10 DO SELECT i; END FOR; END",
      "CREATE PROCEDURE p() BEGIN CASE x WHEN 1 THEN IF a THEN SELECT 1; END IF; ELSE BEGIN END; END CASE; "
      "SELECT CASE WHEN a THEN IF(b, 1, 2) ELSE IF(c, 1, 2) END; END",
      "CREATE PROCEDURE p() l: BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, 1062, SQLSTATE '23000' BEGIN "
      "ROLLBACK; "
      "END; DECLARE c CURSOR FOR SELECT a FROM b; DROP TABLE IF EXISTS x; END",
      "CREATE PROCEDURE p() BEGIN IF CASE a WHEN 1 THEN 2 END THEN SELECT 1; END IF; END",
      "CREATE PROCEDURE p() WHILE x DO SELECT 1; END WHILE",
      "CREATE PROCEDURE p() BEGIN SELECT t.end, `end`, @end, 'END' FROM t; DO IF(1, 2, 3); END",
      "CREATE PROCEDURE p (a IN INT) AS v INT; BEGIN SELECT 1; FOR i IN 1..3 LOOP SELECT i; END LOOP; END",
      "CREATE FUNCTION f(a INT) RETURN INT IS BEGIN RETURN a; EXCEPTION WHEN OTHERS THEN RETURN 1; END",
      "CREATE PACKAGE p AS PROCEDURE a(); FUNCTION b RETURN INT; END",
      "CREATE PACKAGE BODY p AS x INT; PROCEDURE a() AS y INT; BEGIN SELECT 1; END; FUNCTION b(q INT) RETURN "
      "INT AS "
      "BEGIN RETURN 1; END; BEGIN SET x = 1; END",
      "CREATE PROCEDURE p() SELECT 1 AS x", "CREATE OR REPLACE VIEW v AS SELECT CASE 1 WHEN 1 THEN 2 END",
      "CREATE TABLE IF NOT EXISTS t (`begin` INT, x INT DEFAULT (CASE 1 WHEN 1 THEN 2 END))",
      "INSERT INTO t VALUES (IF(1, 2, 3))");
  INFO(program);
  CHECK(texts(program + "; SELECT 3;", Dialect::mariadb) == Texts{program, "SELECT 3"});
  CHECK(texts("SELECT 0;\n" + program + "\n", Dialect::mariadb) == Texts{"SELECT 0", program});
  CHECK(texts("DELIMITER $$\n" + program + "$$\nDELIMITER ;\nSELECT 3", Dialect::mariadb) ==
        Texts{program, "SELECT 3"});
}

TEST_CASE("MariaDB's BEGIN without a body is a transaction") {
  CHECK(texts("BEGIN; a; COMMIT;", Dialect::mariadb) == Texts{"BEGIN", "a", "COMMIT"});
  CHECK(texts("BEGIN WORK; a", Dialect::mariadb) == Texts{"BEGIN WORK", "a"});
  CHECK(texts("START TRANSACTION; a", Dialect::mariadb) == Texts{"START TRANSACTION", "a"});
}

TEST_CASE("PostgreSQL nests comments") {
  CHECK(texts("a /* ; /* ; */ ; */; b", Dialect::postgres) == Texts{"a /* ; /* ; */ ; */", "b"});
  CHECK(texts("a /*/**/*/; b", Dialect::postgres) == Texts{"a /*/**/*/", "b"});
  CHECK(texts("a /***/; b", Dialect::postgres) == Texts{"a /***/", "b"});
  CHECK(texts("a --x\rb; c", Dialect::postgres) == Texts{"a --x\rb", "c"});
}

TEST_CASE("PostgreSQL dollar quotes") {
  CHECK(texts("DO $$ BEGIN; END; $$; b", Dialect::postgres) == Texts{"DO $$ BEGIN; END; $$", "b"});
  CHECK(texts("a $q$ ; $$ ; $Q$ ; $q$; b", Dialect::postgres) == Texts{"a $q$ ; $$ ; $Q$ ; $q$", "b"});
  CHECK(texts("a $\xC3\xA4_1$ ';$\xC3\xA4_1$; b", Dialect::postgres) ==
        Texts{"a $\xC3\xA4_1$ ';$\xC3\xA4_1$", "b"});
  CHECK(texts("SELECT a$b$; c; d$b$", Dialect::postgres) == Texts{"SELECT a$b$", "c", "d$b$"});
  CHECK(texts("SELECT x, y, z, v, a$b$; c", Dialect::postgres) == Texts{"SELECT x, y, z, v, a$b$", "c"});
  CHECK(texts("EXECUTE p($1, $2); b", Dialect::postgres) == Texts{"EXECUTE p($1, $2)", "b"});
  CHECK(texts("a $x$ $x; $ x$ $x$; b", Dialect::postgres) == Texts{"a $x$ $x; $ x$ $x$", "b"});
}

TEST_CASE("PostgreSQL knows backslashes in E strings alone") {
  CHECK(texts(R"(SELECT 'a\'; b)", Dialect::postgres) == Texts{R"(SELECT 'a\')", "b"});
  CHECK(texts(R"(SELECT E'a\';'; b)", Dialect::postgres) == Texts{R"(SELECT E'a\';')", "b"});
  CHECK(texts(R"(SELECT 1, 2, 3, 4, e'a\''';'; b)", Dialect::postgres) ==
        Texts{R"(SELECT 1, 2, 3, 4, e'a\''';')", "b"});
  CHECK(texts(R"(SELECT U&'a\'; b)", Dialect::postgres) == Texts{R"(SELECT U&'a\')", "b"});
  CHECK(texts(R"(SELECT U&"a\", type'x\'; b)", Dialect::postgres) ==
        Texts{R"(SELECT U&"a\", type'x\')", "b"});
  CHECK(texts("SELECT E'a'\n -- c'\n 'b\\';'; c", Dialect::postgres) ==
        Texts{"SELECT E'a'\n -- c'\n 'b\\';'", "c"});
  CHECK(texts("SELECT E'a' 'b\\'; c", Dialect::postgres) == Texts{"SELECT E'a' 'b\\'", "c"});
}

TEST_CASE("PostgreSQL bodies") {
  const std::string program = GENERATE(
      std::string(
          "CREATE FUNCTION f(a int) RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a = 1 "
          "THEN (CASE 1 WHEN 1 THEN 2 END) ELSE 3 END; END"),
      "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO a VALUES (1); INSERT INTO b VALUES (t.end); "
      "END",
      "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); DELETE FROM c; )",
      "CREATE FUNCTION f() RETURNS int AS 'SELECT 1;' LANGUAGE SQL", "CREATE TABLE begin (atomic int)");
  INFO(program);
  CHECK(texts(program + "; SELECT 3;", Dialect::postgres) == Texts{program, "SELECT 3"});
  CHECK(texts("BEGIN; " + program, Dialect::postgres) == Texts{"BEGIN", program});
}

TEST_CASE("text may arrive in pieces, and statements leave as soon as they are complete") {
  StatementSplitter splitter(Dialect::postgres);
  splitter.feed("SELECT 'a");
  CHECK_FALSE(splitter.next());
  splitter.feed("b'; SEL");
  CHECK(splitter.next()->text == "SELECT 'ab'");
  CHECK_FALSE(splitter.next());
  splitter.feed("ECT $");
  CHECK_FALSE(splitter.next());
  splitter.feed("$;$$;\n\n-- x\n");
  CHECK(splitter.next()->text == "SELECT $$;$$");
  CHECK_FALSE(splitter.next());
  splitter.feed("c");
  CHECK_FALSE(splitter.next());
  splitter.finish();
  const auto last = splitter.next();
  REQUIRE(last);
  CHECK(last->text == "-- x\nc");
  CHECK(last->line == 4);
  CHECK_FALSE(splitter.next());
}
