#include <atomic>
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

Kind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("no error was thrown");
  return Kind::unexpected;
}

std::int64_t count(Database& database, const std::string& table) {
  return to_integer(database.query("SELECT count(*) FROM " + table).at(0).at(0));
}

}  // namespace

TEST_CASE("connecting never creates a database") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = row.settings(folder.path());
    CHECK(kind_of([&] { test::open(settings); }) == Kind::database);
    CHECK(kind_of([&] { test::open(settings); }) == Kind::database);
  }
}

TEST_CASE("a database that exists is not created again") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    CHECK(kind_of([&] {
            get_backend(row.db_type).create_database(settings, AppAccount::must_be_new, [] {});
          }) == Kind::database);
  }
}

TEST_CASE("parameters and rows keep their values") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    database->execute("CREATE TABLE t (id BIGINT PRIMARY KEY, number DOUBLE PRECISION, words VARCHAR(100))");
    const std::vector<Value> parameters{std::int64_t{9007199254740993}, 0.5, std::string("it's ünïcödé 🎈")};
    database->execute("INSERT INTO t VALUES (?, ?, ?)", parameters);
    const std::vector<Value> none{std::int64_t{2}, std::monostate{}, std::monostate{}};
    database->execute("INSERT INTO t VALUES (?, ?, ?)", none);
    const auto rows = database->query("SELECT * FROM t ORDER BY id DESC");
    REQUIRE(rows.size() == 2);
    CHECK(rows[0] == parameters);
    CHECK(rows[1] == none);
    std::vector<Row> seen;
    std::vector<AnswerColumn> columns;
    const auto see = [&](RowView views) {
      REQUIRE(columns.size() == 3);
      CHECK(columns[0].name == "id");
      CHECK(columns[2].name == "words");
      Row& copy = seen.emplace_back();
      for (const ValueView& view : views) copy.push_back(copy_of(view));
    };
    database->read("SELECT * FROM t WHERE id > ? ORDER BY id DESC", std::vector<Value>{std::int64_t{1}}, see,
                   &columns);
    CHECK(seen == rows);
    CHECK(database->tables() == std::vector<std::string>{"t"});
    CHECK(database->has_table("t"));
    CHECK_FALSE(database->has_table("u"));
  }
}

TEST_CASE("a refused statement says what the database said, and the statement") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    try {
      database->execute("SELECT nonsense FROM nowhere");
      FAIL("no error was thrown");
    } catch (const Error& error) {
      CHECK(error.kind() == Kind::statement);
      CHECK(error.statement() == "SELECT nonsense FROM nowhere");
      CHECK_FALSE(error.sqlstate().empty());
      CHECK_THAT(error.what(), Catch::Contains("nowhere"));
    }
  }
}

TEST_CASE("two statements in one are refused, and neither runs") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    CHECK_THROWS_AS(database->execute("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)"), Error);
    CHECK(database->tables().empty());
    CHECK_NOTHROW(database->execute("CREATE TABLE a (id INTEGER); -- and no more\n"));
  }
}

TEST_CASE("exact numbers are told to be some, and are found by what a double is written as") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    database->execute("CREATE TABLE t (price DECIMAL(21, 9), words VARCHAR(40))");
    const std::vector<Value> values{2.2, 0.1};
    database->execute("INSERT INTO t VALUES (?, ?)", values);
    const std::vector<Value> price{2.2};
    std::vector<AnswerColumn> columns;
    const auto rows = database->query("SELECT price, words FROM t WHERE price = ?", price, &columns);
    REQUIRE(rows.size() == 1);
    CHECK(to_text(rows[0][1]) == "0.1");
    CHECK(columns.at(0).is_decimal == (row.db_type != "sqlite"));
    CHECK_FALSE(columns.at(1).is_decimal);
    if (columns.at(0).is_decimal) CHECK(to_text(rows[0][0]) == "2.200000000");
  }
}

TEST_CASE("a transaction that is destroyed is rolled back, one that is committed is seen by others") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    const auto database = test::open(settings);
    const auto other = test::open(settings);
    database->execute("CREATE TABLE t (id INTEGER)");
    {
      const Transaction transaction(*database);
      database->execute("INSERT INTO t VALUES (1)");
      CHECK(database->in_transaction());
    }
    CHECK_FALSE(database->in_transaction());
    CHECK(count(*other, "t") == 0);
    Transaction transaction(*database);
    database->execute("INSERT INTO t VALUES (2)");
    CHECK(count(*other, "t") == 0);
    transaction.commit();
    CHECK(count(*other, "t") == 1);
  }
}

TEST_CASE("a savepoint undoes its part only") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    database->execute("CREATE TABLE t (id INTEGER)");
    Transaction transaction(*database);
    database->execute("INSERT INTO t VALUES (1)");
    {
      const Savepoint savepoint(*database, "part");
      database->execute("INSERT INTO t VALUES (2)");
    }
    Savepoint kept(*database, "part");
    database->execute("INSERT INTO t VALUES (3)");
    kept.release();
    transaction.commit();
    CHECK(to_integer(database->query("SELECT sum(id) FROM t").at(0).at(0)) == 4);
  }
}

TEST_CASE("a read-only connection cannot write") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    test::open(settings)->execute("CREATE TABLE t (id INTEGER)");
    const auto reader = test::open(settings, Access::read_only);
    CHECK_THROWS_AS(reader->execute("INSERT INTO t VALUES (1)"), Error);
    CHECK_THROWS_AS(reader->execute("CREATE TABLE u (id INTEGER)"), Error);
    CHECK(count(*reader, "t") == 0);
  }
}

TEST_CASE("a long statement ends when it is cancelled") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const SiteDatabase settings = make_database(row, folder.path());
    // On a busy machine the statements that connecting takes are asked about as well.
    std::atomic<bool> connected = false;
    int asked = 0;
    const ConnectOptions options{Access::read_write, [&] { return connected && ++asked > 3; }};
    const auto database = get_backend(row.db_type).connect(settings.app, options);
    connected = true;
    // MariaDB gives a recursion up after 1,000 rounds by itself.
    const std::string statement =
        database->dialect() == Dialect::mariadb
            ? "SELECT count(*) FROM seq_1_to_1000000000 WHERE seq % 7 = 3"
            : "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    CHECK(kind_of([&] { database->query(statement); }) == Kind::interrupted);
  }
}

TEST_CASE("the columns of a table are told") {
  for (const TestDatabase& row : test_databases()) {
    const TemporaryFolder folder;
    const auto database = test::open(make_database(row, folder.path()));
    database->execute(
        "CREATE TABLE shelf (name VARCHAR(140) PRIMARY KEY, room INTEGER NOT NULL DEFAULT 1, height "
        "NUMERIC(9, 2), "
        "weight DOUBLE PRECISION, built DATE, seen TIMESTAMP NULL, notes TEXT, extra JSON, twice INTEGER "
        "GENERATED "
        "ALWAYS AS (room "
        "* 2) STORED)");
    const std::vector<Column> columns = database->columns("shelf");
    std::vector<std::string> told;
    for (const Column& column : columns)
      told.push_back(column.name + ": " + std::string(name(column.type)) +
                     (column.nullable ? "" : ", required") +
                     (column.has_default && !column.is_generated ? ", default" : "") +
                     (column.is_generated ? ", generated" : ""));
    CHECK(told == std::vector<std::string>{"name: text, required", "room: integer, required, default",
                                           "height: decimal", "weight: real", "built: date", "seen: datetime",
                                           "notes: long text", "extra: json", "twice: integer, generated"});
    CHECK(columns.at(0).max_length == 140);
    CHECK(primary_key(columns) == std::vector<std::string>{"name"});
    CHECK(database->columns("nowhere").empty());
  }
}
