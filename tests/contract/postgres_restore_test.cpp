#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "contract/postgres_site.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("postgres: a hostile dump stays in the scratch database") {
  PostgresSite site;
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
  PostgresSite site;
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
  PostgresSite site;
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
  PostgresSite site;
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
