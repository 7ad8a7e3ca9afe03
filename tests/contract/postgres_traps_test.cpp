#include <catch2/catch.hpp>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "contract/postgres_site.hpp"

using namespace bench;
using namespace bench::test;

namespace {

int run_pgbouncer(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BENCH_TEST_SUPPORT "/pgbouncer");
  return run_child({.argv = std::move(arguments)}).exit_code;
}

/// A pooler in transaction mode in front of a site's server.
class Pooler {
 public:
  explicit Pooler(const PostgresSite& site) : m_folder(site.folder.path()) {
    m_result = run_pgbouncer(
        {"start", m_folder, site.settings.app.socket, site.settings.app.user, site.settings.admin->user});
    std::error_code none;
    m_socket = std::filesystem::read_symlink(m_folder / "socket", none);
  }
  ~Pooler() { run_pgbouncer({"stop", m_folder}); }
  Pooler(const Pooler&) = delete;
  Pooler& operator=(const Pooler&) = delete;

  bool is_installed() const { return m_result != 77; }
  bool is_running() const { return m_result == 0; }
  ConnectionSettings through(ConnectionSettings settings) const {
    settings.socket = m_socket;
    settings.port = 6432;
    return settings;
  }
  std::unique_ptr<Database> connect(const ConnectionSettings& settings) const {
    return get_backend("postgres").connect(through(settings), {});
  }

 private:
  std::filesystem::path m_folder;
  std::filesystem::path m_socket;
  int m_result = 0;
};

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
  site.settings.admin.reset();
  const auto findings = site.findings();
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0], Catch::StartsWith("writes cannot be refused: "));
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
}

TEST_CASE("postgres: ways that stay open are named") {
  PostgresSite site;
  SECTION("a function with its owner's rights") {
    site.run->execute(
        "CREATE FUNCTION definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM t'");
    const FenceReport report = site.enter();
    CHECK(report.level == FenceLevel::database_with_gaps);
    REQUIRE(report.gaps.size() == 1);
    CHECK_THAT(report.gaps[0], Catch::Contains("public.definer"));
    CHECK(site.findings() == report.gaps);
  }
  SECTION("another account") {
    const OtherRole other(site, " other", "LOGIN");
    const auto administrator = site.administrator();
    administrator->execute("GRANT CONNECT ON DATABASE " + in_quotes(site.settings.app.name) + " TO " +
                           other.quoted());
    administrator->execute("GRANT INSERT ON t TO " + other.quoted());
    const FenceReport report = site.enter();
    CHECK(report.level == FenceLevel::database_with_gaps);
    REQUIRE(report.gaps.size() == 1);
    CHECK_THAT(report.gaps[0], Catch::Contains(other.name()));
    CHECK(site.findings() == report.gaps);
    CHECK(report.ways_to_write == report.gaps);
  }
  SECTION("another account, on a column or a sequence only") {
    const OtherRole other(site, " other", "LOGIN");
    const auto administrator = site.administrator();
    administrator->execute("GRANT CONNECT ON DATABASE " + in_quotes(site.settings.app.name) + " TO " +
                           other.quoted());
    administrator->execute("GRANT SELECT ON t TO " + other.quoted());
    CHECK(site.enter().gaps.empty());
    administrator->execute("GRANT UPDATE (words) ON t TO " + other.quoted());
    CHECK(site.fence->ways_to_write().size() == 1);
    administrator->execute("REVOKE UPDATE (words) ON t FROM " + other.quoted());
    administrator->execute("GRANT UPDATE ON SEQUENCE t_id_seq TO " + other.quoted());
    CHECK(site.fence->ways_to_write().size() == 1);
  }
  SECTION("large objects, where there are any") {
    CHECK(site.enter().gaps.empty());
    const auto app = site.app();
    app->query("SELECT lo_create(0)");
    const auto ways = site.fence->ways_to_write();
    REQUIRE(ways.size() == 1);
    CHECK_THAT(ways[0], Catch::Contains("large objects"));
  }
  SECTION("the app account again") {
    CHECK(site.enter().gaps.empty());
    CHECK(site.fence->ways_to_write().empty());
    site.run->execute("GRANT UPDATE ON t TO " + in_quotes(site.settings.app.user));
    const auto ways = site.fence->ways_to_write();
    REQUIRE(ways.size() == 1);
    CHECK_THAT(ways[0], Catch::Contains(site.settings.app.user) && Catch::Contains("public.t"));
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
  const auto findings = site.findings();
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

TEST_CASE("postgres: rights of when the fence was entered come back to a table that was made anew") {
  PostgresSite site;
  const OtherRole other(site, " other", "LOGIN");
  const std::string app = in_quotes(site.settings.app.user);
  site.run->execute("GRANT SELECT ON t TO " + other.quoted() + " WITH GRANT OPTION");
  site.run->execute("GRANT SELECT (words) ON t TO PUBLIC");
  const auto acl = [&] {
    return words(
               *site.run,
               "SELECT string_agg(a, ';') FROM (SELECT pg_get_userbyid(grantee) || privilege_type || "
               "is_grantable a FROM pg_class, aclexplode(relacl) WHERE relname IN ('t', 't_id_seq') ORDER BY "
               "relname, 1) g") +
           words(*site.run,
                 "SELECT coalesce(attacl::text, '') FROM pg_attribute WHERE attrelid = 't'::regclass AND "
                 "attname "
                 "= 'words'");
  };
  const std::string before = acl();
  site.enter();
  site.run->execute("DROP TABLE t");
  site.run->execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
  site.run->execute("GRANT DELETE ON t TO PUBLIC");
  CHECK(acl() != before);
  site.fence->restore_rights(site.saved);
  refuses_writes(*site.app());
  CHECK(site.fence->ways_to_write().empty());
  CHECK(site.lift().empty());
  CHECK(acl() == before);
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
}

TEST_CASE("postgres: an account that has lost its rights gets the usual ones") {
  PostgresSite site;
  const auto before = rights(*site.run);
  CHECK_FALSE(site.fence->lost_rights());
  site.enter();
  const auto lost = site.fence->lost_rights();
  REQUIRE(lost);
  CHECK_THAT(*lost, Catch::Contains("INSERT") && Catch::Contains(site.settings.app.user));
  site.fence->give_usual_rights();
  CHECK(rights(*site.run) == before);
  CHECK_FALSE(site.fence->lost_rights());
}

TEST_CASE("postgres: a session that works as another role is fenced with that role's rights") {
  PostgresSite site;
  const OtherRole group(site, " writers", "NOLOGIN");
  const auto administrator = site.administrator();
  administrator->execute("GRANT ALL ON t, t_id_seq TO " + group.quoted());
  administrator->execute("GRANT " + group.quoted() + " TO " + in_quotes(site.settings.app.user));
  const auto app = site.app();
  app->execute("SET ROLE " + group.quoted());
  CHECK_NOTHROW(app->execute("INSERT INTO t (words) VALUES ('as a member')"));
  const auto before = rights(*site.run);
  const FenceReport report = site.enter();
  CHECK(report.level == FenceLevel::database);
  refuses_writes(*app);
  app->execute("RESET ROLE");
  refuses_writes(*app);
  CHECK(number(*app, "SELECT count(*) FROM t") == 1);
  CHECK(site.lift().empty());
  CHECK(rights(*site.run) == before);
  CHECK_NOTHROW(app->execute("INSERT INTO t (words) VALUES ('by itself')"));
  app->execute("SET ROLE " + group.quoted());
  CHECK_NOTHROW(app->execute("INSERT INTO t (words) VALUES ('as a member again')"));
}

TEST_CASE("postgres: the fence acts through a pooler in transaction mode") {
  PostgresSite site;
  const Pooler pooler(site);
  if (!pooler.is_installed()) {
    WARN("pgbouncer is not installed");
    return;
  }
  REQUIRE(pooler.is_running());
  const auto app = pooler.connect(site.settings.app);
  const auto other = pooler.connect(site.settings.app);
  app->execute("INSERT INTO t (words) VALUES ('through the pooler')");
  SECTION("its sessions stay, and write again after the lift") {
    CHECK(site.enter().level == FenceLevel::database);
    refuses_writes(*app);
    refuses_writes(*other);
    refuses_writes(*pooler.connect(site.settings.app));
    CHECK(number(*other, "SELECT count(*) FROM t") == 1);
    CHECK(site.lift().empty());
    for (Database* client : {app.get(), other.get()})
      CHECK_NOTHROW(client->execute("INSERT INTO t (words) VALUES ('again')"));
  }
  SECTION("a transaction in flight behind it is waited for") {
    app->execute("BEGIN");
    app->execute("INSERT INTO t (words) VALUES ('in flight')");
    CHECK_THROWS_WITH(site.enter({std::chrono::milliseconds(50), FenceOptions::Writers::wait_for}),
                      Catch::Contains("in flight"));
    CHECK_NOTHROW(app->execute("COMMIT"));
  }
  SECTION("bench itself should not go through it, and says so") {
    site.settings.admin = pooler.through(*site.settings.admin);
    const auto findings = site.findings();
    REQUIRE(findings.size() == 1);
    CHECK_THAT(findings[0], Catch::Contains("a pooler stands between"));
  }
}

TEST_CASE("postgres: of two sites with one account, the fence takes the rights in one") {
  PostgresSite site, other;
  const std::string app = in_quotes(site.settings.app.user);
  const auto administrator = other.administrator();
  administrator->execute("GRANT CONNECT ON DATABASE " + in_quotes(other.settings.app.name) + " TO " + app);
  administrator->execute("GRANT USAGE ON SCHEMA public TO " + app);
  administrator->execute("GRANT ALL ON t, t_id_seq TO " + app);
  ConnectionSettings elsewhere = site.settings.app;
  elsewhere.name = other.settings.app.name;
  const auto neighbour = get_backend("postgres").connect(elsewhere, {});
  CHECK(site.enter().level == FenceLevel::database);
  refuses_writes(*site.app());
  CHECK_NOTHROW(neighbour->execute("INSERT INTO t (words) VALUES ('next door')"));
  CHECK(site.lift().empty());
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
  CHECK_NOTHROW(neighbour->execute("INSERT INTO t (words) VALUES ('next door')"));
  administrator->execute("DROP OWNED BY " + app);
}
