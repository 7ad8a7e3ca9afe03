#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "contract/postgres_site.hpp"

using namespace bench;
using namespace bench::test;

namespace {

std::vector<Row> rights(Database& database) {
  return database.query(
      "SELECT relname, relacl::text, (SELECT string_agg(attname || attacl::text, ',' ORDER BY attnum) FROM "
      "pg_attribute WHERE attrelid = c.oid), (SELECT string_agg(defaclacl::text, ',' ORDER BY oid) FROM "
      "pg_default_acl) "
      "FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY oid");
}

}  // namespace

TEST_CASE("postgres: a session cannot talk itself out of the fence") {
  PostgresSite site;
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
  PostgresSite site;
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
  PostgresSite site;
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
  PostgresSite site;
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
  PostgresSite site;
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
