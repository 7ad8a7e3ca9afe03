#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

ContentSummary dump(const SiteDatabase& settings, std::string& text, const TableSelection& selection = {}) {
  return get_backend(settings.app.db_type)
      .open_exporter(settings.for_changes(), {})
      ->write([&text](std::string_view piece) { text += piece; }, selection, {});
}

ByteSource source_of(const std::string& text) {
  return [&text, position = std::size_t{0}](std::span<char> buffer) mutable {
    const std::size_t size = std::min(buffer.size(), text.size() - position);
    text.copy(buffer.data(), size, position);
    position += size;
    return size;
  };
}

std::unique_ptr<Scratch> scratch_of(const SiteDatabase& settings, const TemporaryFolder& folder) {
  return get_backend(settings.app.db_type).make_scratch(settings, {}, folder.path(), "test");
}

std::vector<std::string> everything_sqlite_can_hold() {
  return {
      "CREATE TABLE plain (id INTEGER PRIMARY KEY, words TEXT, number REAL, bytes BLOB)",
      "INSERT INTO plain VALUES (-9223372036854775808, 'it''s', 1.0, x'00ff'), (9223372036854775807, '', "
      "9e999, x''),"
      "(0, 'a'||char(0)||'b', -9e999, NULL), (1, 'new\nline\r\n-- no comment; ''', 0.1, zeroblob(70000)),"
      "(2, 'ünïcödé 🎈', 4.9406564584124654e-324, 'text in a blob column'), (3, 12, -0.0, 1.5),"
      "(4, NULL, 1.7976931348623157e308, NULL), (5, NULL, 123456789.12345679, 2), (6, NULL, "
      "2.2250738585072014e-308, 3)",
      "CREATE TABLE no_key (a, b)",
      "INSERT INTO no_key(rowid, a, b) VALUES (7, 1, 'x'), (3, 2, 'y')",
      "CREATE TABLE keyed (a TEXT, b INTEGER, PRIMARY KEY (b, a)) WITHOUT ROWID",
      "INSERT INTO keyed VALUES ('z', 1), ('a', 2)",
      "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
      "INSERT INTO counted VALUES (41, 1)",
      "DELETE FROM counted",
      "CREATE TABLE \"odd \"\"name\"\"\" (\"a column\" INTEGER, rowid TEXT, made INTEGER GENERATED ALWAYS AS "
      "(\"a column\" * 2) STORED)",
      "INSERT INTO \"odd \"\"name\"\"\" (\"a column\", rowid) VALUES (21, 'hidden')",
      "CREATE TABLE strictly (id INTEGER PRIMARY KEY, v ANY) STRICT",
      "INSERT INTO strictly VALUES (1, '001'), (2, 1)",
      "CREATE VIRTUAL TABLE found USING fts5(body)",
      "INSERT INTO found VALUES ('to be found'), ('and lost')",
      "CREATE INDEX plain_words ON plain(words) WHERE number > 0",
      "CREATE VIEW both AS SELECT * FROM plain, no_key",
      "CREATE TRIGGER keeps AFTER INSERT ON plain BEGIN INSERT INTO no_key VALUES (new.id, CASE WHEN 1 THEN "
      "'c' ELSE 'd' END); END",
      "PRAGMA user_version = 42",
      "ANALYZE",
  };
}

std::vector<std::string> everything_postgres_can_hold() {
  return {
      "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
      "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
      "CREATE TABLE plain (id BIGINT PRIMARY KEY, words TEXT, number DOUBLE PRECISION, bytes BYTEA)",
      "INSERT INTO plain VALUES (-9223372036854775808, 'it''s', 1.0, '\\x00ff'), (9223372036854775807, '', "
      "'Infinity', ''), (0, E'\\\\.', '-Infinity', NULL), (1, E'new\nline\r\n-- no comment; ''\\t\\\\', 0.1, "
      "decode(repeat('00', 70000), 'hex')), (2, 'ünïcödé 🎈', 4.9406564584124654e-324, 'text'), (3, '\\N', "
      "-0.0, "
      "NULL), (4, NULL, 1.7976931348623157e308, NULL), (5, E'\\\\.\n\\\\.', 123456789.12345679, NULL), (6, "
      "NULL, "
      "0.5, NULL)",
      "CREATE TABLE no_key (a integer, b text)",
      "INSERT INTO no_key VALUES (1, 'x'), (2, 'y')",
      "CREATE TABLE keyed (a TEXT, b INTEGER, PRIMARY KEY (b, a))",
      "INSERT INTO keyed VALUES ('z', 1), ('a', 2)",
      "CREATE TABLE counted (id SERIAL PRIMARY KEY, always BIGINT GENERATED ALWAYS AS IDENTITY, x integer)",
      "INSERT INTO counted (x) SELECT generate_series(1, 41)",
      "DELETE FROM counted",
      "CREATE SEQUENCE \"odd seq\" START 100 INCREMENT -3 MINVALUE -1000 MAXVALUE 1000",
      "SELECT setval('\"odd seq\"', 7, false)",
      "CREATE TABLE \"odd \"\"name\"\"\" (\"a column\" integer, \"A\" mood, made integer GENERATED ALWAYS AS "
      "(\"a "
      "column\" * 2) STORED)",
      "INSERT INTO \"odd \"\"name\"\"\" VALUES (21, 'it''s ok')",
      "CREATE TABLE typed (n numeric, m numeric(20, 10), j jsonb, k json, i integer[], w text[], d date, t "
      "timestamptz, s timestamp, v interval, u uuid, p positive, y boolean, r int4range, c char(5), ip inet, "
      "z "
      "bit(3), x double precision)",
      "INSERT INTO typed VALUES (1e400::numeric, -0.0000000001, '{\"a\": [1, \"\\u00fc\", null], \"?\": "
      "1.10}', "
      "'{\"b\" :1.10}', '{{1,2},{3,NULL}}', ARRAY['a,b', '\"', NULL, ''], '4713-01-01 BC', '2026-11-21 "
      "03:04:05.123456+05:30', 'infinity', '1 year -2 days 03:04:05.678', "
      "'00000000-0000-0000-0000-00000000002a', 7, "
      "true, '[1,5)', 'ab', '::1/64', B'101', 'NaN'), ('NaN', NULL, 'null', 'null', '{}', '{}', 'infinity', "
      "'-infinity', '294276-12-31', '-178000000 years', NULL, NULL, false, 'empty', '', NULL, NULL, NULL)",
      "CREATE TABLE parts (id integer, part text) PARTITION BY LIST (part)",
      "CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a')",
      "CREATE TABLE parts_rest PARTITION OF parts DEFAULT",
      "INSERT INTO parts VALUES (1, 'a'), (2, 'b')",
      "CREATE INDEX parts_id ON parts (id)",
      "CREATE SCHEMA \"Other\"",
      "CREATE TABLE \"Other\".plain (id integer REFERENCES counted (id))",
      "CREATE TABLE no_columns ()",
      "CREATE INDEX plain_words ON plain (words) WHERE number > 0",
      "CREATE INDEX plain_lower ON plain (lower(words))",
      "CREATE VIEW both_of AS SELECT plain.id, no_key.b FROM plain, no_key",
      "CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM plain",
      "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n  INSERT INTO no_key VALUES "
      "(1, "
      "'it''s;\n\\.\n');\n  RETURN new;\nEND $body$",
      "CREATE PROCEDURE proceed(INOUT n integer) LANGUAGE sql AS 'SELECT $1 + 1'",
      "CREATE TRIGGER keeps AFTER INSERT ON plain FOR EACH ROW EXECUTE FUNCTION note()",
      "CREATE RULE keeps_too AS ON UPDATE TO parts_a DO ALSO (SELECT 1; SELECT 2)",
      "CREATE FUNCTION atomic(n integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT n; SELECT n + 1; "
      "END",
      "COMMENT ON TABLE plain IS 'with; a comment -- ''quoted'''",
      "SELECT lo_from_bytea(4242, '\\x00010203')",
  };
}

std::vector<std::string> everything_mariadb_can_hold() {
  return {
      "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      "CREATE TABLE plain (id BIGINT PRIMARY KEY, words LONGTEXT, number DOUBLE, small FLOAT, bytes "
      "LONGBLOB)",
      "INSERT INTO plain VALUES (-9223372036854775808, 'it''s', 1.0, 0.1, X'00ff'), (9223372036854775807, "
      "'', "
      "1.7976931348623157e308, 3.4028234663852886e38, X''), (0, CONCAT('a', CHAR(0), 'b\\\\\\n'), "
      "-1.7976931348623157e308, NULL, NULL), (1, 'new\nline\r\n-- no comment; ''', 0.1, 1.17549435e-38, "
      "REPEAT(X'00', 70000)), (2, 'ünïcödé 🎈', 2.2250738585072014e-308, -0e0, 'text'), (3, '/*!99999 no "
      "code */', -0e0, NULL, NULL), (4, NULL, 123456789.12345679, 16777217, NULL), (5, '\\Z\\t\\\\%', NULL, "
      "NULL, NULL), (6, 'DELIMITER ;;', 0.5, 0.5, NULL)",
      "CREATE TABLE no_key (a INT, b TEXT)",
      "INSERT INTO no_key VALUES (1, 'x'), (2, 'y')",
      "CREATE TABLE keyed (a VARCHAR(20), b INT, PRIMARY KEY (b, a))",
      "INSERT INTO keyed VALUES ('z', 1), ('a', 2)",
      "CREATE TABLE counted (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, x INT)",
      "INSERT INTO counted VALUES (18446744073709551613, 1), (0, 2)",
      "DELETE FROM counted WHERE x = 1",
      "CREATE SEQUENCE `odd seq` START WITH 100 INCREMENT BY -3 MINVALUE -1000 MAXVALUE 1000 NOCACHE CYCLE",
      "DO NEXTVAL(`odd seq`)",
      "CREATE SEQUENCE numbers NOCACHE",
      "CREATE TABLE numbered (id BIGINT DEFAULT NEXTVAL(numbers) PRIMARY KEY, a INT)",
      "INSERT INTO numbered (a) VALUES (1), (2)",
      "CREATE TABLE `odd ``name``` (`a column` INT, `A``` ENUM('sad', 'it''s ok'), made INT GENERATED ALWAYS "
      "AS (`a column` * 2) STORED, seen INT AS (`a column` + 1) VIRTUAL) COMMENT 'with; a comment -- "
      "''quoted'''",
      "INSERT INTO `odd ``name``` (`a column`, `A```) VALUES (21, 'it''s ok')",
      "CREATE TABLE typed (n DECIMAL(65,30), j JSON, d DATE, t TIMESTAMP(6) NULL, s DATETIME(6), v TIME(6), "
      "u UUID, i INET6, y YEAR, z BIT(64), c CHAR(5), e SET('a', 'b'), f BINARY(3), w VARBINARY(9), l TEXT "
      "CHARACTER SET latin1, g POINT, b TINYINT(1), CHECK (n < 1e30))",
      "INSERT INTO typed VALUES (-0.000000000000000000000000000001, '{\"a\": [1, \"ü\", null], \"?\": "
      "1.10}', '0000-00-00', '2026-11-21 03:04:05.123456', '9999-12-31 23:59:59.999999', '-838:59:59', "
      "'00000000-0000-0000-0000-00000000002a', '::1', 2155, 18446744073709551615, 'ab', 'a,b', X'00ff27', "
      "X'', 'ü', POINT(1, 2), 1), (NULL, 'null', '2026-02-00', NULL, '0000-00-00', NULL, NULL, NULL, 0, 0, "
      "'', '', X'000000', NULL, NULL, NULL, NULL)",
      "CREATE TABLE parts (id INT, part INT) PARTITION BY HASH (part) PARTITIONS 3",
      "INSERT INTO parts VALUES (1, 1), (2, 2)",
      "CREATE TABLE parent (id INT PRIMARY KEY)",
      "CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT to_parent FOREIGN KEY (parent) "
      "REFERENCES parent (id) ON DELETE CASCADE)",
      "INSERT INTO parent VALUES (1)",
      "INSERT INTO child VALUES (1, 1)",
      "CREATE TABLE found (body TEXT, FULLTEXT KEY (body)) ENGINE=MyISAM",
      "INSERT INTO found VALUES ('to be found'), ('and lost'), ('and more')",
      "CREATE INDEX plain_words ON plain (words(20), number DESC)",
      "CREATE VIEW last_of AS SELECT * FROM keyed",
      "CREATE SQL SECURITY INVOKER VIEW both_of AS SELECT plain.id, last_of.a FROM plain, last_of",
      "CREATE TRIGGER keeps BEFORE INSERT ON plain FOR EACH ROW BEGIN SET NEW.words = CONCAT(NEW.words, "
      "';;'); END",
      "CREATE TRIGGER keeps_too BEFORE INSERT ON plain FOR EACH ROW FOLLOWS keeps SET NEW.number = 1",
      "CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
      "CREATE PROCEDURE proceed(INOUT n INT) BEGIN DECLARE s TEXT DEFAULT 'it''s; //'; SET n = doubled(n); "
      "END",
      "CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM no_key",
      "CREATE EVENT never ON SCHEDULE EVERY 1 HOUR DISABLE COMMENT 'DISABLE' DO DELETE FROM no_key",
  };
}

/// What one database holds in a test, and what is asked to compare it with another.
struct Content {
  std::vector<std::string> statements;
  std::vector<std::string> questions;
  std::string move_a_row;  ///< of no_key
};

Content everything(Dialect dialect) {
  if (dialect == Dialect::postgres)
    return {
        everything_postgres_can_hold(),
        {"SELECT *, length(bytes) FROM plain ORDER BY id", "SELECT * FROM no_key", "SELECT * FROM keyed",
         "SELECT nextval('counted_id_seq'), nextval('counted_always_seq'), nextval('\"odd seq\"')",
         "SELECT * FROM \"odd \"\"name\"\"\"", "SELECT t::text FROM typed t ORDER BY 1",
         "SELECT tableoid::regclass::text, * FROM parts ORDER BY id", "SELECT * FROM counts",
         "SELECT obj_description('plain'::regclass)", "SELECT encode(lo_get(4242), 'hex')",
         "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY "
         "proname",
         "SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'Other') ORDER BY 1",
         "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0 ORDER BY 1"},
        "UPDATE no_key SET b = b WHERE a = 1"};
  if (dialect == Dialect::mariadb)
    return {
        everything_mariadb_can_hold(),
        {"SELECT *, length(bytes) FROM plain ORDER BY id", "SELECT * FROM no_key", "SELECT * FROM keyed",
         "SELECT * FROM counted", "SELECT NEXTVAL(`odd seq`), NEXTVAL(numbers)", "SELECT * FROM numbered",
         "SELECT * FROM `odd ``name```", "SELECT *, HEX(g), HEX(l) FROM typed",
         "SELECT * FROM parts ORDER BY id", "SELECT * FROM child",
         "SELECT * FROM found WHERE MATCH (body) AGAINST ('lost')", "SELECT * FROM both_of",
         "SELECT doubled(21)", "SHOW CREATE TABLE plain", "SHOW CREATE TABLE child",
         "SHOW CREATE TABLE parts",
         "SELECT TRIGGER_NAME, ACTION_STATEMENT, ACTION_ORDER FROM information_schema.TRIGGERS WHERE "
         "TRIGGER_SCHEMA = DATABASE() ORDER BY ACTION_ORDER",
         "SELECT ROUTINE_NAME, ROUTINE_DEFINITION, SQL_MODE FROM information_schema.ROUTINES WHERE "
         "ROUTINE_SCHEMA = DATABASE() ORDER BY 1",
         "SELECT EVENT_NAME, EVENT_DEFINITION, INTERVAL_VALUE, STARTS FROM information_schema.EVENTS WHERE "
         "EVENT_SCHEMA = DATABASE() ORDER BY 1"},
        "UPDATE no_key SET b = 'X' WHERE a = 1"};
  return {everything_sqlite_can_hold(),
          {"SELECT *, typeof(words), typeof(number), typeof(bytes), length(bytes) FROM plain ORDER BY id",
           "SELECT rowid, * FROM no_key ORDER BY rowid", "SELECT * FROM keyed",
           "SELECT _rowid_, * FROM \"odd \"\"name\"\"\"", "SELECT v, typeof(v) FROM strictly",
           "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",
           "SELECT * FROM sqlite_stat1 ORDER BY tbl, idx", "PRAGMA user_version",
           "SELECT count(*) FROM found WHERE found MATCH 'lost'", "SELECT seq FROM sqlite_sequence"},
          "UPDATE no_key SET rowid = 8 WHERE rowid = 7"};
}

SiteDatabase full_database(const TestDatabase& row, const TemporaryFolder& folder) {
  const SiteDatabase settings = make_database(row, folder.path());
  const auto database = test::open(settings);
  for (const std::string& statement : everything(database->dialect()).statements)
    database->execute(statement);
  return settings;
}

}  // namespace

TEST_CASE("what is dumped and loaded is equal, value by value") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    std::string text;
    const ContentSummary summary = dump(settings, text);
    REQUIRE(summary.tables.size() >= 10);
    const auto scratch = scratch_of(settings, folder);
    scratch->load(source_of(text), {});
    scratch->check();
    CHECK(scratch->summarize() == summary);
    Database& restored = scratch->connection();
    const auto live = test::open(settings);
    for (const std::string& query : everything(live->dialect()).questions) {
      INFO(query);
      CHECK(restored.query(query) == live->query(query));
    }
  }
}

TEST_CASE("a checksum tells a changed value, a moved row and a changed definition") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    std::string ignored;
    const ContentSummary before = dump(settings, ignored);
    const auto database = test::open(settings);
    const auto checksum = [](const ContentSummary& summary, const std::string& table) {
      for (const TableSummary& one : summary.tables)
        if (one.name == table) return one.checksum;
      return std::string();
    };
    database->execute("UPDATE keyed SET a = 'Z' WHERE a = 'z'");
    database->execute(everything(database->dialect()).move_a_row);
    const ContentSummary after = dump(settings, ignored);
    CHECK(checksum(after, "keyed") != checksum(before, "keyed"));
    CHECK(checksum(after, "no_key") != checksum(before, "no_key"));
    CHECK(checksum(after, "plain") == checksum(before, "plain"));
    CHECK(after.schema_fingerprint == before.schema_fingerprint);
    database->execute("CREATE INDEX one_more ON keyed(a)");
    CHECK(dump(settings, ignored).schema_fingerprint != before.schema_fingerprint);
  }
}

TEST_CASE("a dump is of one moment although writers go on") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    const auto exporter = get_backend(row.db_type).open_exporter(settings.for_changes(), {});
    test::open(settings)->execute("DELETE FROM plain");
    std::string text;
    const ContentSummary summary =
        exporter->write([&text](std::string_view piece) { text += piece; }, {}, {});
    for (const TableSummary& table : summary.tables)
      if (table.name == "plain") CHECK(table.rows == 9);
  }
}

TEST_CASE("a dump of chosen tables holds them and what belongs to them") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    const auto database = test::open(settings);
    database->execute(
        fmt::format("CREATE TABLE {} (id INTEGER)", quote_identifier(database->dialect(), "tabNote")));
    std::string text;
    const ContentSummary summary = dump(settings, text, {.includes = {"keyed", "Note"}, .excludes = {}});
    REQUIRE(summary.tables.size() == 2);
    CHECK(summary.tables[0].name == "keyed");
    CHECK(summary.tables[1].name == "tabNote");
    CHECK(text.find("plain") == std::string::npos);
  }
}

TEST_CASE("a part of a database is loaded as far as it goes, and what needs the rest is answered") {
  for (const TestDatabase& row : test_databases()) {
    INFO(row.db_type);
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    const auto database = test::open(settings);
    for (const char* statement :
         {"CREATE TABLE author (id INTEGER PRIMARY KEY)",
          "CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER, CONSTRAINT written FOREIGN KEY "
          "(author) "
          "REFERENCES author (id))",
          "INSERT INTO author VALUES (1)", "INSERT INTO book VALUES (7, 1)",
          "CREATE VIEW shelf AS SELECT book.id FROM book JOIN author ON author.id = book.author"})
      database->execute(statement);
    std::string text;
    const ContentSummary summary = dump(settings, text, {.includes = {}, .excludes = {"author"}});
    const auto scratch = scratch_of(settings, folder);
    const auto left_out = scratch->load(source_of(text), {}, Scratch::Extent::part);
    CHECK(scratch->summarize().tables == summary.tables);
    CHECK(scratch->connection().query("SELECT id FROM book").size() == 1);
    // SQLite looks for what a view or key names when it is used, MariaDB so for keys alone.
    REQUIRE(left_out.size() == (row.db_type == "sqlite" ? 0 : 1));
    if (left_out.empty()) continue;
    CHECK(left_out[0].table.empty());
    CHECK_THAT(left_out[0].statement,
               Catch::Contains(row.db_type == "mariadb" ? "VIEW `shelf`" : "public.book"));
    CHECK_THROWS_WITH(scratch_of(settings, folder)->load(source_of(text), {}), Catch::Contains("author"));
    CHECK_THROWS_WITH(
        scratch_of(settings, folder)->load(source_of(text + "nonsense;\n"), {}, Scratch::Extent::part),
        Catch::Contains("line "));
  }
}

TEST_CASE("a dump of another database's tool is refused by its name") {
  const std::vector<std::array<std::string, 3>> beginnings{
      {"mariadb", "/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19\n", "MariaDB"},
      {"mariadb", "-- MySQL dump 10.13\n", "MySQL"},
      {"postgres", "--\n-- PostgreSQL database dump\n--\n", "PostgreSQL"},
      {"sqlite", "PRAGMA foreign_keys=OFF;\n", "SQLite"}};
  for (const TestDatabase& row : test_databases())
    for (const auto& [db_type, text, tool] : beginnings) {
      if (db_type == row.db_type) continue;
      const TemporaryFolder folder;
      const auto scratch = scratch_of(make_database(row, folder.path()), folder);
      CHECK_THROWS_WITH(scratch->load(source_of(text), {}), Catch::StartsWith("this is a dump of " + tool));
    }
}

TEST_CASE("a dump that is cut off, broken or foreign is a bad backup, and says where") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    std::string text;
    dump(settings, text);
    const auto refused = [&](const std::string& broken, const std::string& words) {
      const auto scratch = scratch_of(settings, folder);
      try {
        scratch->load(source_of(broken), {});
        FAIL("it was loaded");
      } catch (const Error& error) {
        CHECK(error.kind() == Kind::bad_backup);
        CHECK_THAT(error.what(), Catch::Contains(words));
      }
    };
    refused(text.substr(0, text.rfind(row.db_type == "mariadb" ? "SET @bench_dump" : "COMMIT")), "cut off");
    refused(text.substr(0, text.size() / 2), "");
    refused("CREATE TABLE a (b INTEGER);\n\nINSERT INTO nowhere VALUES (1);\n", "line 3");
    refused("-- MariaDB dump 10.19\n\nCREATE TABLE `a` (b int) ENGINE=InnoDB;\n",
            row.db_type == "mariadb" ? "cut off" : "MariaDB");
    if (row.db_type != "sqlite") {
      refused("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "SQLite");
      continue;
    }
    refused("-- PostgreSQL database dump\nSET x = 1;\n", "PostgreSQL");
    const std::string outside = (folder.path() / "outside.db").string();
    refused("ATTACH DATABASE '" + outside + "' AS o; CREATE TABLE o.x (a);", "");
    CHECK_FALSE(std::filesystem::exists(outside));
  }
}
