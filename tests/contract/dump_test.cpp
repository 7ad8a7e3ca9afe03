#include <catch2/catch.hpp>

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

SiteDatabase full_database(const TestDatabase& row, const TemporaryFolder& folder) {
  const SiteDatabase settings = make_database(row, folder.path());
  const auto database = test::open(settings);
  for (const std::string& statement : everything_sqlite_can_hold()) database->execute(statement);
  return settings;
}

}  // namespace

TEST_CASE("what is dumped and loaded is equal, value by value") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = full_database(row, folder);
    std::string text, again;
    const ContentSummary summary = dump(settings, text);
    REQUIRE(summary.tables.size() >= 10);
    const auto scratch = scratch_of(settings, folder);
    scratch->load(source_of(text), {});
    scratch->check();
    CHECK(scratch->summarize() == summary);
    Database& restored = scratch->connection();
    CHECK(to_integer(restored.query("PRAGMA user_version").at(0).at(0)) == 42);
    CHECK(restored.query("SELECT count(*) FROM found WHERE found MATCH 'lost'").at(0).at(0) ==
          Value(std::int64_t{1}));
    CHECK(restored.query("SELECT seq FROM sqlite_sequence").at(0).at(0) == Value(std::int64_t{41}));
    const auto live = test::open(settings);
    for (const char* query :
         {"SELECT *, typeof(words), typeof(number), typeof(bytes), length(bytes) FROM plain ORDER BY id",
          "SELECT rowid, * FROM no_key ORDER BY rowid", "SELECT * FROM keyed",
          "SELECT _rowid_, * FROM \"odd \"\"name\"\"\"", "SELECT v, typeof(v) FROM strictly",
          "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",
          "SELECT * FROM sqlite_stat1 ORDER BY tbl, idx"})
      CHECK(restored.query(query) == live->query(query));
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
    database->execute("UPDATE no_key SET rowid = 8 WHERE rowid = 7");
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
    test::open(settings)->execute("CREATE TABLE tabNote (id INTEGER)");
    std::string text;
    const ContentSummary summary = dump(settings, text, {.includes = {"keyed", "Note"}, .excludes = {}});
    REQUIRE(summary.tables.size() == 2);
    CHECK(summary.tables[0].name == "keyed");
    CHECK(summary.tables[1].name == "tabNote");
    CHECK(text.find("plain") == std::string::npos);
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
    refused(text.substr(0, text.rfind("COMMIT")), "inside a transaction");
    refused(text.substr(0, text.size() / 2), "");
    refused("CREATE TABLE a (b);\n\nINSERT INTO nowhere VALUES (1);\n", "line 3");
    refused("-- MariaDB dump 10.19\n\nCREATE TABLE `a` (b int) ENGINE=InnoDB;\n", "MariaDB");
    refused("-- PostgreSQL database dump\nSET x = 1;\n", "PostgreSQL");
    const std::string outside = (folder.path() / "outside.db").string();
    refused("ATTACH DATABASE '" + outside + "' AS o; CREATE TABLE o.x (a);", "");
    CHECK_FALSE(std::filesystem::exists(outside));
  }
}
