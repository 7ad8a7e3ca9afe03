#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/host.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;

namespace {

const TestDatabase& postgres() {
  const TestDatabase* database = find_test_database("postgres");
  REQUIRE(database != nullptr);
  return *database;
}

std::string in_quotes(const std::string& name) {
  return quote_identifier(Dialect::postgres, name);
}

std::int64_t number(Database& database, const std::string& query) {
  return to_integer(database.query(query).at(0).at(0));
}

/// A site with a table, a neighbour's rights being none of its business.
struct Site {
  Site() : settings(make_database(postgres(), folder.path())), run(test::open(settings)) {
    run->execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
    fence = get_backend("postgres").make_fence(settings, run.get());
  }
  FenceReport enter(FenceOptions options = {}) {
    return fence->enter(options, [this](const nlohmann::json& inverse) { saved.push_back(inverse); });
  }
  /// By another process, so to speak.
  std::vector<std::string> lift() {
    return get_backend("postgres").make_fence(settings, nullptr)->lift(saved);
  }
  std::unique_ptr<Database> app() const { return test::open_as_app(settings); }
  /// With the rights of the server's administrator.
  std::unique_ptr<Database> administrator() const {
    auto database = test::open(settings);
    database->execute("RESET ROLE");
    return database;
  }
  std::string owner() const { return settings.app.name + "_owner"; }

  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> run;
  std::unique_ptr<Fence> fence;
  nlohmann::json saved = nlohmann::json::array();
};

std::vector<Row> rights(Database& database) {
  return database.query(
      "SELECT relname, relacl::text, (SELECT string_agg(attname || attacl::text, ',' ORDER BY attnum) FROM "
      "pg_attribute WHERE attrelid = c.oid), (SELECT string_agg(defaclacl::text, ',' ORDER BY oid) FROM "
      "pg_default_acl) "
      "FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY oid");
}

void refuses_writes(Database& database) {
  for (const char* statement :
       {"INSERT INTO t (words) VALUES ('x')", "UPDATE t SET words = 'x'", "DELETE FROM t", "TRUNCATE t",
        "SELECT nextval('t_id_seq')", "SELECT * FROM t FOR UPDATE", "CREATE TABLE mine (id integer)",
        "ALTER TABLE t ADD more integer"}) {
    INFO(statement);
    try {
      database.execute(statement);
      FAIL("it was let through");
    } catch (const Error& error) {
      CHECK(error.sqlstate() == "42501");
    }
  }
}

/// Threads that do something again and again until they are stopped.
class Crowd {
 public:
  void add(std::function<void()> action) {
    m_threads.emplace_back([this, action = std::move(action)] {
      while (!m_stopping) action();
    });
  }
  ~Crowd() {
    m_stopping = true;
    for (std::thread& thread : m_threads) thread.join();
  }

 private:
  std::atomic<bool> m_stopping = false;
  std::vector<std::thread> m_threads;
};

}  // namespace

TEST_CASE("postgres: rights come back exactly, and where the fence does not reach nothing changes") {
  Site site;
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

TEST_CASE("postgres: a session cannot talk itself out of the fence") {
  Site site;
  const auto app = site.app();
  app->execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
  app->execute("PREPARE writing AS INSERT INTO t (words) VALUES ('prepared')");
  CHECK_THROWS_AS(app->execute("SET ROLE " + in_quotes(site.owner())), Error);
  site.enter();
  app->execute("SET default_transaction_read_only = off");
  refuses_writes(*app);
  CHECK_THROWS_AS(app->execute("EXECUTE writing"), Error);
  site.lift();
  CHECK_NOTHROW(app->execute("EXECUTE writing"));
}

TEST_CASE("postgres: what may become the owner, or is it, is not fenced and says so") {
  Site site;
  SECTION("a member of the owner role") {
    site.administrator()->execute("GRANT " + in_quotes(site.owner()) + " TO " +
                                  in_quotes(site.settings.app.user));
  }
  SECTION("the owner of a table") {
    site.administrator()->execute("ALTER TABLE t OWNER TO " + in_quotes(site.settings.app.user));
  }
  SECTION("a superuser") {
    site.administrator()->execute("ALTER ROLE " + in_quotes(site.settings.app.user) + " SUPERUSER");
  }
  SECTION("nobody named an administrator") {
    SiteDatabase alone{.app = site.settings.app, .admin = {}};
    site.fence = get_backend("postgres").make_fence(alone, nullptr);
  }
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::not_enforced);
  REQUIRE(report.gaps.size() == 1);
  CHECK(site.saved.empty());
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
}

TEST_CASE("postgres: ways that stay open are named") {
  Site site;
  const std::string other = site.settings.app.name + " other";
  SECTION("a function with its owner's rights") {
    site.run->execute(
        "CREATE FUNCTION definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM t'");
    const FenceReport report = site.enter();
    REQUIRE(report.gaps.size() == 1);
    CHECK_THAT(report.gaps[0], Catch::Contains("public.definer"));
  }
  SECTION("another account") {
    const auto administrator = site.administrator();
    administrator->execute("CREATE ROLE " + in_quotes(other) + " LOGIN");
    administrator->execute("GRANT CONNECT ON DATABASE " + in_quotes(site.settings.app.name) + " TO " +
                           in_quotes(other));
    administrator->execute("GRANT INSERT ON t TO " + in_quotes(other));
    const FenceReport report = site.enter();
    CHECK(report.level == FenceLevel::database_with_gaps);
    REQUIRE(report.gaps.size() == 1);
    CHECK_THAT(report.gaps[0], Catch::Contains(other));
    administrator->execute("DROP OWNED BY " + in_quotes(other));
    administrator->execute("DROP ROLE " + in_quotes(other));
  }
  site.lift();
}

TEST_CASE("postgres: a prepared transaction stands against the fence, and nothing is left changed") {
  Site site;
  const auto app = site.app();
  app->execute("BEGIN");
  app->execute("INSERT INTO t (words) VALUES ('prepared')");
  app->execute("PREPARE TRANSACTION 'bench test'");
  const auto before = rights(*site.run);
  CHECK_THROWS_WITH(site.enter(), Catch::Contains("bench test"));
  const auto findings = get_backend("postgres").preflight(site.settings, *site.run);
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0], Catch::Contains("bench test"));
  app->execute("ROLLBACK PREPARED 'bench test'");
  CHECK(rights(*site.run) == before);
}

TEST_CASE("postgres: what is made, renamed and dropped in the window gets its rights at the lift") {
  Site site;
  const std::string app = in_quotes(site.settings.app.user);
  site.run->execute("CREATE TABLE renamed (a integer, b integer)");
  site.run->execute("REVOKE ALL ON renamed FROM " + app);
  site.run->execute("GRANT SELECT, UPDATE (b) ON renamed TO " + app);
  site.run->execute("CREATE TABLE dropped (a integer)");
  site.enter();
  site.run->execute("CREATE TABLE made (id serial)");
  site.run->execute("ALTER TABLE renamed RENAME TO now_called_this");
  site.run->execute("ALTER TABLE now_called_this RENAME b TO c");
  site.run->execute("DROP TABLE dropped");
  CHECK(number(*site.app(), "SELECT count(*) FROM made") == 0);
  CHECK_THROWS_AS(site.app()->execute("INSERT INTO made DEFAULT VALUES"), Error);
  const auto sentences = site.lift();
  REQUIRE(sentences.size() == 1);
  CHECK_THAT(sentences[0], Catch::Contains("public.dropped"));
  CHECK_NOTHROW(site.app()->execute("INSERT INTO made DEFAULT VALUES"));
  CHECK_NOTHROW(site.app()->execute("UPDATE now_called_this SET c = 1"));
  CHECK_THROWS_AS(site.app()->execute("UPDATE now_called_this SET a = 1"), Error);
}

TEST_CASE("postgres: writers that do not finish are named, or ended and counted") {
  Site site;
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

TEST_CASE("postgres: a storm of writers changes not one row in the window, and neighbours notice nothing") {
  Site site, neighbour;
  std::atomic<long> wrote = 0, refused = 0, read = 0, others = 0;
  std::atomic<long> slowest = 0;
  std::mutex mutex;
  std::set<std::string> surprises;
  const auto surprise = [&](const Error& error) {
    const std::lock_guard lock(mutex);
    surprises.insert(error.what());
  };
  const auto write = [&](Database& app, int kind) {
    try {
      if (kind == 0) app.execute("INSERT INTO t (words) VALUES ('plain')");
      if (kind == 1) app.execute("EXECUTE writing");
      if (kind == 2) {
        app.execute("BEGIN");
        app.execute("INSERT INTO t (words) VALUES ('in a transaction')");
        app.execute("UPDATE t SET words = 'again' WHERE id = 1");
        app.execute("COMMIT");
      }
      ++wrote;
    } catch (const Error& error) {
      error.sqlstate() == "42501" ? void(++refused) : surprise(error);
      if (app.in_transaction()) app.execute("ROLLBACK");
    }
  };
  std::vector<std::unique_ptr<Database>> connections;
  Crowd crowd;
  for (int index = 0; index < 8; ++index) {
    connections.push_back(site.app());
    Database& app = *connections.back();
    app.execute("PREPARE writing AS INSERT INTO t (words) VALUES ('prepared')");
    crowd.add([&, kind = index % 3] { write(app, kind); });
  }
  for (int index = 0; index < 2; ++index) crowd.add([&] { write(*site.app(), 0); });
  connections.push_back(site.app());
  crowd.add([&, &reader = *connections.back()] {
    number(reader, "SELECT count(*) FROM t");
    ++read;
  });
  for (int index = 0; index < 8; ++index) {
    connections.push_back(neighbour.app());
    crowd.add([&, index, &own = *connections.back()] {
      const auto begin = std::chrono::steady_clock::now();
      try {
        const auto fresh = index % 2 == 0 ? neighbour.app() : nullptr;
        Database& app = fresh ? *fresh : own;
        index < 4 ? app.execute("INSERT INTO t (words) VALUES ('x')")
                  : void(app.query("SELECT 1 FROM t LIMIT 1"));
        ++others;
      } catch (const Error& error) {
        surprise(error);
      }
      const auto time = std::chrono::steady_clock::now() - begin;
      slowest = std::max<long>(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database);
  const auto content = [&] {
    return site.run->query("SELECT count(*), max(id), md5(string_agg(words, ',')) FROM t");
  };
  const auto before = content();
  const long refused_before = refused, read_before = read, others_before = others, wrote_before = wrote;
  CHECK(wrote_before > 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
  CHECK(content() == before);
  CHECK(refused > refused_before);
  CHECK(read > read_before);
  CHECK(others > others_before);
  CHECK(site.lift().empty());
  const long wrote_in_window = wrote;
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(wrote > wrote_in_window);
  WARN(fmt::format("drain {} ms, wrote {}, refused {}, read {}, neighbours {}, their slowest {} ms",
                   report.drain.count(), wrote, refused, read, others, slowest));
  const std::lock_guard lock(mutex);
  CHECK(surprises == std::set<std::string>());
}

TEST_CASE("postgres: a statement waits for locks patiently, and names who holds them") {
  Site site;
  const auto reader = site.app();
  reader->execute("BEGIN");
  reader->query("SELECT * FROM t");
  const Database::LockPatience patience{std::chrono::milliseconds(100), std::chrono::milliseconds(300)};
  const auto fails = [&] {
    try {
      site.run->execute_patiently("ALTER TABLE t ADD COLUMN more integer", patience);
      FAIL("it did not wait");
    } catch (const Error& error) {
      CHECK(error.kind() == Kind::busy);
      CHECK_THAT(error.what(), Catch::Contains(site.settings.app.user) && Catch::Contains("SELECT * FROM t"));
    }
  };
  fails();
  Transaction transaction(*site.run);
  site.run->execute("INSERT INTO t (words) VALUES ('kept')");
  fails();
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    reader->execute("COMMIT");
  });
  site.run->execute_patiently("ALTER TABLE t ADD COLUMN more integer",
                              {patience.lock_timeout, std::chrono::seconds(5)});
  ends.join();
  transaction.commit();
  CHECK(number(*site.run, "SELECT count(more) + count(*) FROM t") == 1);
  CHECK(to_text(site.run->query("SHOW lock_timeout").at(0).at(0)) == "0");
}

TEST_CASE("postgres: the site's lock is one connection's, and names its holder") {
  Site site;
  CHECK_FALSE(site.run->try_site_lock());
  CHECK_FALSE(site.run->try_site_lock());
  const auto other = test::open(site.settings);
  const auto holder = other->try_site_lock();
  REQUIRE(holder);
  CHECK(holder->host == host_name());
  CHECK_THAT(holder->told, Catch::Contains(fmt::format("pid {}, since 20", getpid())));
  site.run.reset();
  for (int attempt = 0; attempt < 100 && other->try_site_lock(); ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(other->try_site_lock());
}

TEST_CASE("postgres: what cannot be reached names place and account, and never the password") {
  Site site;
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
  Site site;
  const std::vector<Value> parameters{std::string("x")};
  const auto rows = site.run->query("SELECT '?' || ? /* ? */ || $$?$$ -- ?", parameters);
  CHECK(to_text(rows.at(0).at(0)) == "?x?");
  CHECK(number(*site.run, "SELECT '{\"a\": 1}'::jsonb ? 'a'") == 1);
}

TEST_CASE("postgres: a hostile dump stays in the scratch database") {
  Site site;
  const std::filesystem::path outside = site.folder / "outside";
  const auto refused = [&](const std::string& text, const std::string& words) {
    const auto scratch =
        get_backend("postgres").make_scratch(site.settings, {}, site.folder.path(), "hostile");
    try {
      bool sent = false;
      scratch->load(
          [&](std::span<char> buffer) -> std::size_t {
            return std::exchange(sent, true) ? 0 : text.copy(buffer.data(), buffer.size());
          },
          {});
      FAIL("it was loaded: " << text);
    } catch (const Error& error) {
      CHECK(error.kind() == Kind::bad_backup);
      CHECK_THAT(error.what(), Catch::Contains(words));
    }
  };
  const std::string program = "COPY (SELECT 1) TO PROGRAM 'touch " + outside.string() + "';\n";
  refused("SELECT 1;\n\\! touch " + outside.string() + "\n", "line 2");
  refused("\\connect postgres\n", "line 1");
  refused(program, "line 1");
  refused("RESET ROLE;\nRESET SESSION AUTHORIZATION;\n" + program, "line 3");
  refused(
      "SELECT set_config('role', 'none', false), set_config('session_authorization', 'postgres', false);\n" +
          program,
      "line 1");
  refused("SELECT set_config('role', 'none', false);\n" + program, "line 2");
  refused("ALTER SYSTEM SET work_mem = '1MB';\n", "line 1");
  refused("CREATE ROLE intruder SUPERUSER;\n", "line 1");
  refused("CREATE DATABASE another;\n", "line 1");
  refused("CREATE TABLE a (b integer);\nCOPY a FROM stdin;\n1\nx\n\\.\n", "line 2");
  refused("CREATE TABLE a (b integer);\nCOPY a FROM stdin;\n1\n", "cut off");
  refused("--\n-- PostgreSQL database dump\n--\nCREATE TABLE a (b integer);\n", "cut off");
  refused("PGDMP\x01\x0e", "custom format");
  CHECK_FALSE(std::filesystem::exists(outside));
  CHECK(number(*site.run,
               "SELECT count(*) FROM pg_roles WHERE rolname LIKE '%\\_bench\\_%' OR rolname = 'intruder'") ==
        0);
}

TEST_CASE("postgres: a swap keeps settings and rights of the database, and the site's lock") {
  Site site;
  const auto administrator = site.administrator();
  const std::string name = in_quotes(site.settings.app.name);
  administrator->execute("ALTER DATABASE " + name + " SET search_path = public, \"$user\"");
  administrator->execute("ALTER ROLE " + in_quotes(site.settings.app.user) + " IN DATABASE " + name +
                         " SET work_mem = '7MB'");
  administrator->execute("ALTER DATABASE " + name + " CONNECTION LIMIT 42");
  site.run = test::open(site.settings);
  CHECK_FALSE(site.run->try_site_lock());
  site.fence = get_backend("postgres").make_fence(site.settings, site.run.get());
  site.enter();
  {
    const auto scratch = get_backend("postgres").make_scratch(site.settings, {}, site.folder.path(), "kept");
    scratch->connection().execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
    scratch->connection().execute("CREATE TABLE more (id serial)");
    scratch->swap_in(*site.run, [] {});
  }
  CHECK(test::open(site.settings)->try_site_lock());
  refuses_writes(*site.app());
  CHECK(number(*site.app(), "SELECT count(*) FROM more") == 0);
  CHECK_THROWS_AS(site.app()->execute("INSERT INTO more DEFAULT VALUES"), Error);
  CHECK(site.lift().empty());
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
  CHECK_NOTHROW(site.app()->execute("INSERT INTO more DEFAULT VALUES"));
  CHECK(to_text(site.app()->query("SHOW search_path").at(0).at(0)) == "public, \"$user\"");
  CHECK(to_text(site.app()->query("SHOW work_mem").at(0).at(0)) == "7MB");
  CHECK(number(*site.run, "SELECT datconnlimit FROM pg_database WHERE datname = current_database()") == 42);
  CHECK(number(*site.run, "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_bench\\_%'") == 0);
}

TEST_CASE("postgres: recovering a scratch finishes a swap that was cut off, or drops what it left") {
  Site site;
  const Backend& backend = get_backend("postgres");
  auto scratch = backend.make_scratch(site.settings, {}, site.folder.path(), "lost");
  static_cast<void>(scratch.release());  // as if the process had been killed
  const auto leftovers = [&] {
    return number(*site.run, "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_bench\\_lost%'");
  };
  const std::string replaced = site.settings.app.name + "_bench_lost_replaced";
  site.administrator()->execute("CREATE DATABASE " + in_quotes(replaced));
  CHECK(leftovers() == 2);
  backend.recover_scratch(site.settings, site.folder.path(), "lost");
  CHECK(leftovers() == 0);
  CHECK_NOTHROW(backend.recover_scratch(site.settings, site.folder.path(), "lost"));
}

TEST_CASE("postgres: an adopted database, owned by its app, is dumped, restored and swapped as it is") {
  Site site;
  const std::string app = in_quotes(site.settings.app.user);
  const auto administrator = site.administrator();
  administrator->execute("ALTER TABLE t OWNER TO " + app);
  administrator->execute("ALTER DATABASE " + in_quotes(site.settings.app.name) + " OWNER TO " + app);
  site.run = test::open(site.settings);
  site.app()->execute("INSERT INTO t (words) VALUES ('adopted')");
  std::string text;
  const ContentSummary summary = get_backend("postgres")
                                     .open_exporter(site.settings.for_changes(), {})
                                     ->write([&](std::string_view piece) { text += piece; }, {}, {});
  {
    const auto scratch =
        get_backend("postgres").make_scratch(site.settings, {}, site.folder.path(), "adopted");
    std::size_t at = 0;
    scratch->load(
        [&](std::span<char> buffer) {
          const std::size_t size = text.substr(at).copy(buffer.data(), 7);
          at += size;
          return size;
        },
        {});
    CHECK(scratch->summarize() == summary);
    scratch->swap_in(*site.run, [] {});
  }
  CHECK(number(*site.app(), "SELECT count(*) FROM t") == 1);
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('and owns it still')"));
  CHECK_NOTHROW(site.app()->execute("ALTER TABLE t ADD COLUMN more integer"));
}
