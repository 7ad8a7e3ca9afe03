#include <fmt/format.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "base/error.hpp"
#include "contract/postgres_site.hpp"
#include "database/postgres/connection.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("postgres: rights come back exactly, and where the fence does not reach nothing changes") {
  PostgresSite site;
  site.run->execute("GRANT UPDATE (words) ON t TO " + in_quotes(site.settings.app.user) +
                    " WITH GRANT OPTION");
  site.run->execute("CREATE TABLE open_to_all (id integer)");
  site.run->execute("GRANT INSERT ON open_to_all TO PUBLIC");
  site.run->execute("CREATE VIEW seen AS SELECT * FROM t");
  const auto before = rights(*site.run);
  CHECK(site.enter().level == FenceLevel::database);
  refuses_writes(*site.app());
  CHECK_THROWS_AS(site.app()->execute("INSERT INTO open_to_all VALUES (1)"), Error);
  CHECK_THROWS_AS(site.app()->execute("INSERT INTO seen (words) VALUES ('x')"), Error);
  CHECK(rights(*site.run) != before);
  CHECK(site.lift().empty());
  CHECK(rights(*site.run) == before);
  CHECK(site.lift().empty());
  CHECK(rights(*site.run) == before);
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
}

TEST_CASE("postgres: a session that keeps its plans answers as one that does not") {
  const PostgresSite site;
  site.run->execute("INSERT INTO t (words) VALUES ('one'), ('two')");
  PostgresDatabase database(site.settings.for_changes(), {}, PostgresDatabase::WorksAs::itself);
  const auto kept = [&database] {
    return to_integer(database.value("SELECT count(*) FROM pg_catalog.pg_prepared_statements"));
  };
  const auto ids_of = [&database](const Value& words) {
    return database
        .query("SELECT id FROM t WHERE words = ?::text OR ?::text IS NULL", std::vector<Value>{words, words})
        .size();
  };
  CHECK(ids_of("one") == 1);
  CHECK(kept() == 0);
  database.keep_plans();
  CHECK(ids_of("one") == 1);
  const std::int64_t after_one = kept();
  CHECK(ids_of("three") == 0);
  CHECK(ids_of(std::monostate{}) == 2);
  CHECK(kept() == after_one);
  // A plan is made anew where it must be, and one that cannot be made is the statement's error.
  database.execute("ALTER TABLE t ALTER words TYPE varchar(10)");
  CHECK(ids_of("two") == 1);
  CHECK_THROWS_WITH(database.query("SELECT nothing FROM t"), Catch::Contains("nothing"));
  CHECK(ids_of("two") == 1);
  database.reconnect();
  CHECK(ids_of("one") == 1);
  CHECK(kept() == 0);
}

// Its name is the first of the search path then, and what is there has the owner's rights alone.
TEST_CASE("postgres: an app that is a member of the owner reads what it wrote, whoever asks") {
  const PostgresSite site;
  const auto admin = site.administrator();
  const std::string app = in_quotes(site.settings.app.user), owner = in_quotes(site.owner());
  admin->execute("CREATE SCHEMA AUTHORIZATION " + owner);
  admin->execute(fmt::format("GRANT {} TO {}", owner, app));
  for (const char* inherits : {"INHERIT", "NOINHERIT"}) {
    admin->execute(fmt::format("ALTER ROLE {} {}", app, inherits));
    const auto writing = site.app();
    writing->execute(fmt::format("CREATE TABLE of_{} AS SELECT 7 AS id", inherits));
    const auto reading = get_backend("postgres").connect(site.settings.app, {Access::read_only, {}});
    CHECK(number(*reading, fmt::format("SELECT id FROM of_{}", inherits)) == 7);
    CHECK(reading->tables() == writing->tables());
    CHECK(words(*reading, "SELECT current_user") == site.owner());
    CHECK_THROWS_AS(reading->execute(fmt::format("DELETE FROM of_{}", inherits)), Error);
  }
}

TEST_CASE("postgres: writers that do not finish are named, or ended and counted") {
  PostgresSite site;
  const auto app = site.app();
  app->execute("BEGIN");
  app->execute("INSERT INTO t (words) VALUES ('unfinished')");
  const auto before = rights(*site.run);
  CHECK_THROWS_WITH(site.enter({std::chrono::milliseconds(50), FenceOptions::Writers::wait_for}),
                    Catch::Contains(site.settings.app.user) && Catch::Contains("unfinished"));
  CHECK(rights(*site.run) == before);
  site.saved.clear();
  const FenceReport report = site.enter({std::chrono::milliseconds(50), FenceOptions::Writers::end});
  CHECK(report.ended_sessions == 1);
  CHECK(number(*site.run, "SELECT count(*) FROM t") == 0);
  try {
    app->execute("SELECT 1");
    FAIL("the session lives");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::database);
  }
  site.lift();
}

TEST_CASE("postgres: waiting for writers can be interrupted, and nothing is left changed") {
  PostgresSite site;
  const auto app = site.app();
  app->execute("BEGIN");
  app->execute("INSERT INTO t (words) VALUES ('unfinished')");
  bool interrupted = false;
  site.run = get_backend("postgres").connect(*site.settings.admin, {Access::read_write, [&] {
                                                                      return interrupted;
                                                                    }});
  site.fence = get_backend("postgres").make_fence(site.settings, site.run.get());
  const auto before = rights(*site.run);
  interrupted = true;
  try {
    site.enter({std::chrono::seconds(30), FenceOptions::Writers::wait_for});
    FAIL("the fence was entered beside a writer");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::interrupted);
  }
  interrupted = false;
  CHECK(rights(*site.run) == before);
  CHECK_NOTHROW(app->execute("COMMIT"));
}

TEST_CASE("postgres: what cannot be reached names place and account, and never the password") {
  PostgresSite site;
  ConnectionSettings nowhere = site.settings.app;
  nowhere.socket = "/nowhere/at/all";
  try {
    get_backend("postgres").connect(nowhere, {});
    FAIL("it was reached");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::database);
    CHECK_THAT(error.what(), Catch::Contains("/nowhere/at/all") && Catch::Contains(nowhere.user));
    CHECK_THAT(error.what(), !Catch::Contains(nowhere.password));
  }
}

TEST_CASE("postgres: a question mark that is no parameter stays one") {
  PostgresSite site;
  const std::vector<Value> parameters{std::string("x")};
  const auto rows = site.run->query("SELECT '?' || ? /* ? */ || $$?$$ -- ?", parameters);
  CHECK(to_text(rows.at(0).at(0)) == "?x?");
  CHECK(number(*site.run, "SELECT '{\"a\": 1}'::jsonb ? 'a'") == 1);
}

TEST_CASE("postgres: a statement goes on when the server cannot be told that it is cancelled") {
  PostgresSite site;
  const TemporaryFolder folder;
  const std::string socket = ".s.PGSQL.5432";
  std::filesystem::create_symlink(std::filesystem::path(site.settings.app.socket) / socket,
                                  folder.path() / socket);
  ConnectionSettings by_link = site.settings.app;
  by_link.socket = folder.path().string();
  std::atomic<bool> cancelled = false;
  const auto app = get_backend("postgres").connect(by_link, {Access::read_write, [&cancelled] {
                                                               return cancelled.load();
                                                             }});
  std::filesystem::remove(folder.path() / socket);
  cancelled = true;
  CHECK(number(*app, "SELECT 7 FROM pg_sleep(0.5)") == 7);
}

TEST_CASE("postgres: a session may rest for as long as a backup takes") {
  PostgresSite site;
  if (number(*site.run, "SELECT current_setting('server_version_num')::int") < 140'000) return;
  site.administrator()->execute(
      fmt::format("ALTER DATABASE {} SET idle_session_timeout = '100ms'", in_quotes(site.settings.app.name)));
  const auto run = test::open(site.settings);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  CHECK(words(*run, "SHOW idle_session_timeout") == "0");
}

TEST_CASE("postgres: a database that somebody made in the meantime is left to him") {
  PostgresSite site;
  const Backend& backend = get_backend("postgres");
  SiteDatabase other = site.settings;
  other.app.name += " 2";
  other.admin->name = other.app.name;
  CHECK_THROWS_AS(
      backend.create_database(other, AppAccount::may_exist,
                              [&] { backend.create_database(other, AppAccount::may_exist, [] {}); }),
      Error);
  CHECK(backend.has_database(other));
  CHECK_NOTHROW(open_as_app(other));
  backend.drop_database(other);
}
