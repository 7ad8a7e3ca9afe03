#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <thread>

#include "base/child_process.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "contract/postgres_site.hpp"
#include "support/errors.hpp"
#include "support/forked_child.hpp"

using namespace bench;
using namespace bench::test;

namespace {

const Backend& backend() {
  return get_backend("postgres");
}

ContentSummary dump(const ConnectionSettings& settings, std::string& text) {
  return backend()
      .open_exporter(settings, {})
      ->write([&text](std::string_view piece) { text += piece; }, {}, {});
}

std::string of_pg_dump(const PostgresSite& site, const std::vector<std::string>& options = {}) {
  ChildCommand command{.argv = {"pg_dump", "--host=" + site.settings.app.socket, "--username=postgres"}};
  command.argv.insert(command.argv.end(), options.begin(), options.end());
  command.environment["PGDATABASE"] = site.settings.app.name;
  const ChildResult result = run_child(command);
  INFO(result.stderr_text);
  REQUIRE(result.succeeded());
  return result.stdout_text;
}

/// What its databases and accounts are called that are no site's.
std::vector<std::string> leftovers(const PostgresSite& site) {
  ConnectionSettings server = *site.settings.admin;
  server.name = "postgres";
  std::vector<std::string> names;
  for (const Row& row : backend()
                            .connect(server, {})
                            ->query("SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"))
    if (const std::string name = to_text(row[0]); name.starts_with(site.settings.app.name + "_bench_"))
      names.push_back(name);
  return names;
}

void fill_with_everything(const PostgresSite& site) {
  const auto administrator = site.administrator();
  for (const char* extension : {"hstore", "pgcrypto", "dblink"})
    administrator->execute(fmt::format("CREATE EXTENSION {}", extension));
  for (const char* statement :
       {"CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
        "CREATE TABLE kept (id bigint PRIMARY KEY, always integer GENERATED ALWAYS AS IDENTITY, twice bigint "
        "GENERATED ALWAYS AS (id / 2) STORED, j json, b jsonb, bytes bytea, words text, m mood, h hstore)",
        "INSERT INTO kept (id, j, b, bytes, words, m, h) VALUES (-9223372036854775808, '{\"a\" :1.10}', "
        "'{\"?\": null}', '\\x00ff5c', 'ünïcödé 🎈', 'sad', 'a=>1'), (9223372036854775807, '[]', '[]', '', "
        "E'\\\\.\n;--\t', 'it''s ok', '')",
        "CREATE SEQUENCE odd START 100 INCREMENT -3 MINVALUE -1000 MAXVALUE 1000", "SELECT nextval('odd')",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n  INSERT INTO t (words) "
        "VALUES ('it''s;\n\\.\n');\n  RETURN new;\nEND $body$",
        "CREATE TRIGGER keeps AFTER UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION note()",
        "CREATE VIEW seen AS SELECT k.id, t.words FROM kept k, t",
        "CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM kept",
        "CREATE UNIQUE INDEX counts_n ON counts (n)", "SELECT lo_from_bytea(4242, '\\x00010203')"})
    site.run->execute(statement);
}

}  // namespace

TEST_CASE("postgres: what pg_dump itself wrote is loaded, without the rights of foreign accounts") {
  std::string text;
  ContentSummary summary;
  std::string foreign;
  {
    PostgresSite source;
    fill_with_everything(source);
    const OtherRole other(source, " foreign", "NOLOGIN");
    foreign = other.name();
    const auto administrator = source.administrator();
    administrator->execute("CREATE TABLE owned (id integer)");
    administrator->execute("ALTER TABLE owned OWNER TO " + other.quoted());
    administrator->execute("GRANT SELECT, UPDATE (words) ON t TO " + other.quoted() + " WITH GRANT OPTION");
    administrator->execute("ALTER DEFAULT PRIVILEGES FOR ROLE " + other.quoted() +
                           " GRANT SELECT ON TABLES TO PUBLIC");
    std::string ignored;
    summary = dump(source.settings.for_changes(), ignored);
    text = of_pg_dump(source);
  }
  REQUIRE(text.find(foreign) != std::string::npos);
  PostgresSite site;
  // Not for everybody to make: the site has it already.
  site.administrator()->execute("CREATE EXTENSION dblink");
  site.enter();
  {
    const auto scratch = site.scratch("tool");
    scratch->load(source_of(text), {});
    scratch->check();
    CHECK(scratch->summarize() == summary);
    CHECK(
        words(scratch->connection(),
              "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ',') FROM pg_class WHERE relnamespace = "
              "'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S')") == site.owner());
    scratch->swap_in(*site.run, [] {});
  }
  refuses_writes(*site.app());
  CHECK(site.lift().empty());
  const auto app = site.app();
  CHECK(number(*app, "SELECT n FROM counts") == 2);
  CHECK_NOTHROW(app->execute("UPDATE kept SET words = 'by a trigger'"));
  CHECK(number(*app, "SELECT count(*) FROM t") == 2);
  CHECK(number(*app, "SELECT nextval('odd')") == 97);
  CHECK(leftovers(site).empty());
}

TEST_CASE("postgres: what a dump runs reaches neither the site's own database nor another account") {
  PostgresSite site;
  const std::string live = in_quotes(site.settings.app.name);
  const std::string app = in_quotes(site.settings.app.user);
  const auto facts = [&] {
    return words(*site.run,
                 "SELECT concat_ws(';', datacl, datconnlimit, (SELECT string_agg(setconfig::text, ',') FROM "
                 "pg_db_role_setting WHERE setdatabase = d.oid)) FROM pg_database d WHERE datname = "
                 "current_database()");
  };
  const std::string before = facts();
  const auto is_refused = [&](const std::string& statement) {
    const std::string text = "DO $do$ BEGIN " + statement + "; END $do$;\n";
    CHECK_THROWS_WITH(site.scratch("hostile")->load(source_of(text), {}), Catch::StartsWith("line 1: "));
  };
  is_refused("ALTER DATABASE " + live + " SET work_mem = '1MB'");
  is_refused("ALTER DATABASE " + live + " CONNECTION LIMIT 0");
  is_refused("ALTER ROLE " + app + " SUPERUSER");
  is_refused("ALTER ROLE " + app + " SET work_mem = '1MB'");
  is_refused("SET ROLE " + in_quotes(site.owner()));
  is_refused("PERFORM dblink_connect('')");
  const std::string grants = "REVOKE ALL ON DATABASE " + live + " FROM " + app + ";\nGRANT ALL ON DATABASE " +
                             live + " TO PUBLIC;\n";
  // As pg_dump writes them with foreign accounts, so they are left out.
  CHECK_NOTHROW(site.scratch("hostile")->load(source_of(grants), {}));
  CHECK(facts() == before);
}

TEST_CASE("postgres: what a dump gives away of its own database is not there after the swap") {
  PostgresSite site;
  const OtherRole stranger(site, " stranger", "LOGIN");
  const std::string text =
      "DO $do$ BEGIN EXECUTE format($f$GRANT CONNECT ON DATABASE %I TO " + stranger.quoted() +
      "$f$, current_database()); EXECUTE format('ALTER DATABASE %I SET search_path = elsewhere', "
      "current_database()); END $do$;\nCREATE TABLE t (id serial PRIMARY KEY, words text);\nGRANT ALL ON t "
      "TO " +
      stranger.quoted() + ";\nALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO " + stranger.quoted() + ";\n";
  {
    const auto scratch = site.scratch("gift");
    scratch->load(source_of(text), {});
    scratch->swap_in(*site.run, [] {});
  }
  ConnectionSettings theirs = site.settings.app;
  theirs.user = stranger.name();
  CHECK_THROWS_WITH(backend().connect(theirs, {}), Catch::Contains("permission denied for database"));
  CHECK(words(*site.app(), "SHOW search_path") != "elsewhere");
  CHECK_NOTHROW(site.app()->execute("INSERT INTO t (words) VALUES ('x')"));
  site.run->execute("CREATE TABLE later (id integer)");
  CHECK(number(*site.administrator(),
               "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE "
               "pg_get_userbyid(a.grantee) LIKE '% stranger'") == 0);
}

TEST_CASE("postgres: a dump that makes its own database is refused with a way out") {
  PostgresSite site;
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--create"}, std::vector<std::string>{"--create", "--clean"}}) {
    const std::string text = of_pg_dump(site, options);
    const auto error = error_of([&] { site.scratch("making")->load(source_of(text), {}); });
    REQUIRE(error);
    CHECK_THAT(error->what(), Catch::Contains("the dump makes a database of its own"));
    CHECK_THAT(error->hint(), Catch::Contains("without --create"));
  }
  const auto error = error_of([&] { site.scratch("going")->load(source_of("\\connect other\n"), {}); });
  REQUIRE(error);
  CHECK_THAT(error->hint(), Catch::Contains("without --create"));
}

namespace {

std::optional<int> child_named(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid == 0) continue;
    std::ifstream file(entry.path() / "stat");
    std::string number_text, program, state;
    int parent = 0;
    file >> number_text >> program >> state >> parent;
    if (parent == getpid() && program == "(" + name + ")") return pid;
  }
  return std::nullopt;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// "value" of "NAME=value" in an environ.
std::string variable(const std::string& environment, const std::string& name) {
  const std::string entry = std::string(1, '\0') + name + "=";
  const std::size_t at = environment.find(entry);
  return at == std::string::npos ? "" : environment.c_str() + at + entry.size();
}

}  // namespace

TEST_CASE("postgres: a child's arguments, environment and files tell nobody the password") {
  PostgresSite site;
  const std::string random_part = random_hex(8);
  const std::string secret = "its:a\\secret'" + random_part;
  const auto administrator = site.administrator();
  administrator->execute("DROP ROLE IF EXISTS needs_password");
  administrator->execute("CREATE ROLE needs_password LOGIN SUPERUSER PASSWORD '" +
                         secret.substr(0, secret.find('\'')) + "''" + secret.substr(secret.find('\'') + 1) +
                         "'");
  ConnectionSettings settings = *site.settings.admin;
  settings.user = "needs_password";
  CHECK_THROWS_WITH(backend().connect(settings, {}), Catch::Contains("password"));
  settings.password = secret;
  // pg_dump waits for this table as long as it is held.
  Transaction holds(*administrator);
  administrator->execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  auto dumping = std::async(std::launch::async, [&settings] {
    std::string text;
    dump(settings, text);
    return text;
  });
  // In a transaction the activity of others is the one of its begin.
  const auto watching = site.administrator();
  std::optional<int> child;
  const auto is_waiting = [&] {
    child = child_named("pg_dump");
    return child && number(*watching,
                           "SELECT count(*) FROM pg_stat_activity WHERE usename = "
                           "'needs_password' AND wait_event_type = 'Lock'") > 0;
  };
  for (int attempt = 0; attempt < 1'000 && !is_waiting(); ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(child);
  const std::filesystem::path process = "/proc/" + std::to_string(*child);
  const std::string environment = std::string(1, '\0') + content_of(process / "environ");
  CHECK(content_of(process / "cmdline").find(random_part) == std::string::npos);
  CHECK(environment.find(random_part) == std::string::npos);
  const std::string file = variable(environment, "PGPASSFILE");
  REQUIRE(file.starts_with("/proc/self/"));
  struct stat status {};
  REQUIRE(stat((process / file.substr(11)).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(status.st_nlink == 0);
  administrator->execute("ROLLBACK");
  CHECK(dumping.get().find(random_part) == std::string::npos);
  administrator->execute("DROP ROLE needs_password");
}

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
  refused("--\n-- PostgreSQL database dump\n--\nCREATE TABLE a (b integer,\n", "cut off");
  refused("PGDMP\x01\x0e", "custom format");
  CHECK_FALSE(std::filesystem::exists(outside));
  CHECK(number(*site.run, "SELECT count(*) FROM pg_roles WHERE rolname = 'intruder'") == 0);
  CHECK(leftovers(site).empty());
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
  CHECK(leftovers(site).empty());
}

namespace {

/// As far as they differ from what PostgreSQL gives by itself.
std::string default_privileges(Database& database) {
  return words(
      database,
      "SELECT string_agg(concat_ws(' ', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, "
      "(SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(defaclacl) a)), ';' ORDER BY 1) FROM "
      "(SELECT * FROM pg_default_acl ORDER BY defaclrole, defaclnamespace, defaclobjtype) d");
}

std::string publications(Database& database) {
  return words(
      database,
      "SELECT string_agg(concat_ws(' ', pubname, puballtables, pubinsert, pubdelete, obj_description(p.oid, "
      "'pg_publication'), (SELECT string_agg(concat_ws(' ', r.prrelid::regclass, r.prattrs, "
      "pg_get_expr(r.prqual, r.prrelid)), ',' ORDER BY 1) FROM pg_publication_rel r WHERE r.prpubid = "
      "p.oid), "
      "(SELECT string_agg(s.pnnspid::regnamespace::text, ',') FROM pg_publication_namespace s WHERE "
      "s.pnpubid "
      "= p.oid)), ';' ORDER BY pubname) FROM pg_publication p");
}

}  // namespace

TEST_CASE("postgres: default privileges of every kind and publications are the same after a restore") {
  PostgresSite site;
  const OtherRole other(site, " other", "NOLOGIN");
  const std::string of_owner = "ALTER DEFAULT PRIVILEGES FOR ROLE " + in_quotes(site.owner()),
                    of_other = "ALTER DEFAULT PRIVILEGES FOR ROLE " + other.quoted(),
                    app = site.settings.app.user;
  const auto administrator = site.administrator();
  for (const std::string& statement :
       {of_owner + " REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        of_owner + " GRANT EXECUTE ON FUNCTIONS TO " + in_quotes(app),
        of_owner + " REVOKE USAGE ON TYPES FROM PUBLIC",
        of_owner + " REVOKE TRUNCATE ON TABLES FROM " + in_quotes(site.owner()),
        of_owner + " GRANT USAGE ON SCHEMAS TO " + in_quotes(app) + " WITH GRANT OPTION",
        of_other + " IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO " + in_quotes(app),
        of_other + " GRANT SELECT ON TABLES TO PUBLIC", std::string("CREATE SCHEMA more"),
        std::string("CREATE PUBLICATION \"All of it\" FOR ALL TABLES WITH (publish = 'insert')"),
        std::string("COMMENT ON PUBLICATION \"All of it\" IS 'it''s all'"),
        std::string("CREATE PUBLICATION chosen FOR TABLE t (id, words) WHERE (id > 7)"),
        std::string("CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA more")})
    administrator->execute(statement);
  const std::string privileges = default_privileges(*administrator), published = publications(*administrator);
  std::string text;
  const ContentSummary summary = dump(site.settings.for_changes(), text);
  for (const std::string& dumped : {text, of_pg_dump(site)}) {
    const auto scratch = site.scratch("kept");
    scratch->load(source_of(dumped), {});
    CHECK(scratch->summarize() == summary);
    scratch->swap_in(*site.run, [] {});
    CHECK(default_privileges(*site.administrator()) == privileges);
    CHECK(publications(*site.administrator()) == published);
  }
  site.run->execute("CREATE FUNCTION later() RETURNS int LANGUAGE sql RETURN 1");
  CHECK(number(*site.app(), "SELECT later()") == 1);
  CHECK(number(*site.administrator(), "SELECT has_function_privilege('public', 'later()', 'EXECUTE')::int") ==
        0);
}

TEST_CASE("postgres: a dump's own code is not run by an administrator for the sake of a publication") {
  PostgresSite site;
  const auto scratch = site.scratch("hostile");
  scratch->load(
      source_of("CREATE PUBLICATION taken FOR TABLE pg_catalog.pg_class WHERE (relname > 'a');\n"
                "CREATE PUBLICATION mixed;\nALTER PUBLICATION mixed ADD TABLES IN SCHEMA public, TABLE "
                "pg_catalog.pg_class WHERE (relname > 'a');\n"),
      {});
  CHECK(words(scratch->connection(), "SELECT string_agg(pubname, ',') FROM pg_publication") == "mixed");
  CHECK(number(scratch->connection(), "SELECT count(*) FROM pg_publication_namespace") == 0);
}

TEST_CASE("postgres: a table of a part that needs a type of the rest is left out with its rows") {
  PostgresSite site;
  for (const char* statement :
       {"CREATE TYPE mood AS ENUM ('sad')", "CREATE TABLE kept (id serial PRIMARY KEY, m mood)",
        "INSERT INTO kept (m) VALUES ('sad')", "INSERT INTO t (words) VALUES ('x')",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "CREATE TRIGGER notes BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()"})
    site.run->execute(statement);
  std::string text;
  backend()
      .open_exporter(site.settings.for_changes(), {})
      ->write([&text](std::string_view piece) { text += piece; }, {.includes = {"kept", "t"}, .excludes = {}},
              {});
  const auto scratch = site.scratch("part");
  const auto left_out = scratch->load(source_of(text), {}, Scratch::Extent::part);
  CHECK(std::ranges::count(left_out, "kept", &LeftOut::table) == 1);
  CHECK(std::ranges::count_if(left_out, [](const LeftOut& one) {
          return one.statement.find("TRIGGER notes") != std::string::npos;
        }) == 1);
  const auto tables = scratch->summarize().tables;
  REQUIRE(tables.size() == 1);
  CHECK((tables[0].name == "t" && tables[0].rows == 1));
}

TEST_CASE("postgres: comments on large objects are the same after a restore") {
  PostgresSite site;
  site.run->execute("SELECT lo_from_bytea(4242, '\\x00010203')");
  site.run->execute("COMMENT ON LARGE OBJECT 4242 IS 'it''s \\ a 🎈'");
  std::string text;
  dump(site.settings.for_changes(), text);
  for (const std::string& dumped : {text, of_pg_dump(site)}) {
    const auto scratch = site.scratch("kept");
    scratch->load(source_of(dumped), {});
    CHECK(words(scratch->connection(), "SELECT obj_description(4242, 'pg_largeobject')") == "it's \\ a 🎈");
  }
}

TEST_CASE("postgres: the undo of a change gives to others what they owned, and a restore does not") {
  PostgresSite site;
  const OtherRole other(site, " other", "NOLOGIN");
  const auto administrator = site.administrator();
  administrator->execute("GRANT CREATE, USAGE ON SCHEMA public TO " + other.quoted());
  site.run->execute("CREATE TABLE ours (id integer)");
  for (const char* made :
       {"TABLE its (id int GENERATED ALWAYS AS IDENTITY, s serial)", "VIEW seen AS SELECT 1 AS one",
        "MATERIALIZED VIEW kept AS SELECT 1 AS one", "SEQUENCE counts",
        "FUNCTION f(int, text) RETURNS int "
        "LANGUAGE sql RETURN 1",
        "PROCEDURE p() LANGUAGE sql BEGIN ATOMIC END", "TYPE pair AS (a int, b text)",
        "DOMAIN positive AS int CHECK (value > 0)", "TYPE mood AS ENUM ('sad')",
        "TYPE span AS RANGE (subtype = int)", "AGGREGATE total(int) (sfunc = int4pl, stype = int)",
        "SCHEMA \"a Schema\""}) {
    administrator->execute("SET ROLE NONE");
    // Who owns a schema needs no right on the database for it.
    if (!std::string_view(made).starts_with("SCHEMA")) administrator->execute("SET ROLE " + other.quoted());
    administrator->execute("CREATE " + std::string(made));
  }
  administrator->execute("SET ROLE NONE");
  administrator->execute("ALTER SCHEMA \"a Schema\" OWNER TO " + other.quoted());
  administrator->execute("CREATE PUBLICATION news FOR TABLE its");
  const auto owners = [&site] {
    return words(
        *site.administrator(),
        "SELECT string_agg(concat_ws(' ', type, identity, pg_get_userbyid(owner)), ';' ORDER BY type, "
        "identity) FROM "
        "(SELECT "
        "(pg_identify_object(classid, objid, 0)).*, refobjid AS owner FROM pg_shdepend WHERE deptype = 'o' "
        "AND "
        "dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) UNION ALL SELECT "
        "(pg_identify_object('pg_publication'::regclass, oid, 0)).*, pubowner FROM pg_publication) o");
  };
  const std::string before = owners();
  REQUIRE_THAT(before, Catch::Contains("aggregate public.total(integer)") &&
                           Catch::Contains("publication news postgres"));
  site.enter();
  std::string text;
  dump(site.settings.for_changes(), text);
  {
    const auto scratch = site.scratch("undo");
    scratch->load(source_of(text), {});
    scratch->swap_in(*site.run, [] {});
  }
  CHECK(words(*site.run,
              "SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ',') FROM pg_class WHERE relname IN "
              "('its', 'seen', 'kept', 'counts')") == site.owner());
  site.fence->restore_rights(site.saved);
  CHECK(owners() == before);
  CHECK(site.lift().empty());
  CHECK(owners() == before);
}

TEST_CASE("postgres: recovering a scratch drops what a swap that was cut off left") {
  PostgresSite site;
  const std::string scratch = site.settings.app.name + "_bench_lost";
  const auto administrator = site.administrator();
  for (const std::string& name : {scratch, scratch + "_replaced"})
    administrator->execute("CREATE DATABASE " + in_quotes(name));
  administrator->execute("CREATE ROLE " + in_quotes(scratch));
  CHECK(leftovers(site).size() == 3);
  backend().recover_scratch(site.settings, site.folder.path(), "lost");
  CHECK(leftovers(site).empty());
  CHECK_NOTHROW(backend().recover_scratch(site.settings, site.folder.path(), "lost"));
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

namespace {

/// What a child does until it is killed.
using Killed = std::function<void(const SiteDatabase&, const TemporaryFolder&, const std::function<void()>&)>;

std::unique_ptr<Scratch> filled_scratch(const SiteDatabase& settings, const TemporaryFolder& folder) {
  auto scratch = backend().make_scratch(settings, {}, folder.path(), "killed");
  scratch->connection().execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
  scratch->connection().execute("INSERT INTO t (words) VALUES ('new')");
  return scratch;
}

void load_half(const SiteDatabase& settings, const TemporaryFolder& folder,
               const std::function<void()>& ready) {
  backend()
      .make_scratch(settings, {}, folder.path(), "killed")
      ->load(
          [&ready, sent = false](std::span<char> buffer) mutable -> std::size_t {
            if (!std::exchange(sent, true))
              return std::string("CREATE TABLE t (id integer);\nCOPY t FROM stdin;\n1\n")
                  .copy(buffer.data(), 99);
            ready();
            return static_cast<std::size_t>(pause() + 1);
          },
          {});
}

void load_all(const SiteDatabase& settings, const TemporaryFolder& folder,
              const std::function<void()>& ready) {
  const auto scratch = filled_scratch(settings, folder);
  ready();
  pause();
}

void swap(const SiteDatabase& settings, const TemporaryFolder& folder, const std::function<void()>& ready) {
  const auto scratch = filled_scratch(settings, folder);
  const auto run = test::open(settings);
  ready();
  scratch->swap_in(*run, [] {});
}

void swap_and_stay(const SiteDatabase& settings, const TemporaryFolder& folder,
                   const std::function<void()>& ready) {
  const auto scratch = filled_scratch(settings, folder);
  scratch->swap_in(*test::open(settings), [] {});
  ready();
  pause();
}

/// What is there once recovery was called after a child was killed.
std::string words_after(const PostgresSite& site, const Killed& action,
                        std::chrono::milliseconds delay = {}) {
  ForkedChild child([&](const std::function<void()>& ready) { action(site.settings, site.folder, ready); });
  REQUIRE(child.wait_until_ready());
  std::this_thread::sleep_for(delay);
  child.kill();
  for (int times = 0; times < 2; ++times)
    CHECK_NOTHROW(backend().recover_scratch(site.settings, site.folder.path(), "killed"));
  CHECK(leftovers(site).empty());
  const auto app = site.app();
  CHECK_NOTHROW(app->execute("UPDATE t SET words = words"));
  return words(*app, "SELECT words FROM t");
}

/// A site that nobody is connected to.
void prepare(PostgresSite& site) {
  site.run->execute("INSERT INTO t (words) VALUES ('old')");
  site.fence.reset();
  site.run.reset();
}

}  // namespace

TEST_CASE("postgres: whoever is killed before the swap leaves the old content, and after it the new") {
  PostgresSite site;
  prepare(site);
  CHECK(words_after(site, load_half) == "old");
  CHECK(words_after(site, load_all) == "old");
  CHECK(words_after(site, swap_and_stay) == "new");
}

TEST_CASE("postgres: whoever is killed inside the swap leaves one content or the other, whole") {
  PostgresSite site;
  prepare(site);
  for (const int delay : {5, 30, 60, 90, 150}) {
    const std::string now = words_after(site, swap, std::chrono::milliseconds(delay));
    CHECK((now == "old" || now == "new"));
  }
}

TEST_CASE("postgres: recovery waits for the server to end a swap whose client is dead") {
  PostgresSite site;
  prepare(site);
  ConnectionSettings elsewhere = *site.settings.admin;
  elsewhere.name = "postgres";
  const auto server = backend().connect(elsewhere, {});
  // The rename cannot go past a change of the same row.
  Transaction holds(*server);
  server->execute("ALTER DATABASE " + in_quotes(site.settings.app.name) + " CONNECTION LIMIT -1");
  CHECK(words_after(site, swap, std::chrono::milliseconds(300)) == "old");
}

namespace {

/// A site whose administrator may create databases and roles, and no more.
struct ModestSite {
  ModestSite() : settings(postgres().settings(folder.path())) {
    ConnectionSettings server = *settings.admin;
    server.name = "postgres";
    mighty = backend().connect(server, {});
    settings.admin->user = settings.app.name + " admin";
    mighty->execute("CREATE ROLE " + in_quotes(settings.admin->user) + " LOGIN CREATEDB CREATEROLE");
    backend().create_database(settings, AppAccount::must_be_new, [] {});
  }
  ~ModestSite() {
    run.reset();
    backend().drop_database(settings);
    mighty->execute("DROP ROLE " + in_quotes(settings.admin->user));
  }
  ModestSite(const ModestSite&) = delete;
  ModestSite& operator=(const ModestSite&) = delete;

  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> mighty;
  std::unique_ptr<Database> run;
};

}  // namespace

TEST_CASE("postgres: an administrator who is no superuser fences, dumps, loads and swaps") {
  ModestSite site;
  site.run = test::open(site.settings);
  site.run->execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
  site.run->execute("CREATE EXTENSION hstore");
  const auto app = test::open_as_app(site.settings);
  app->execute("BEGIN");
  app->execute("INSERT INTO t (words) VALUES ('unfinished')");
  const auto fence = backend().make_fence(site.settings, site.run.get());
  nlohmann::json saved = nlohmann::json::array();
  const FenceReport report =
      fence->enter({std::chrono::milliseconds(50), FenceOptions::Writers::end},
                   [&saved](const nlohmann::json& inverse) { saved.push_back(inverse); });
  CHECK(report.level == FenceLevel::database);
  CHECK(report.ended_sessions == 1);
  refuses_writes(*test::open_as_app(site.settings));
  std::string text;
  const ContentSummary summary = dump(site.settings.for_changes(), text);
  {
    const auto scratch = backend().make_scratch(site.settings, {}, site.folder.path(), "modest");
    CHECK_THROWS_AS(scratch->load(source_of("CREATE ROLE intruder;\n"), {}), Error);
    scratch->load(source_of(text), {});
    CHECK(scratch->summarize() == summary);
    scratch->swap_in(*site.run, [] {});
  }
  refuses_writes(*test::open_as_app(site.settings));
  CHECK(fence->lift(saved).empty());
  CHECK_NOTHROW(test::open_as_app(site.settings)->execute("INSERT INTO t (words) VALUES ('x')"));
}

TEST_CASE("postgres: what an administrator who is no superuser may not make again, or not read, is told") {
  ModestSite site;
  site.run = test::open(site.settings);
  for (const char* table : {"t", "u"}) site.run->execute(fmt::format("CREATE TABLE {} (id serial)", table));
  ConnectionSettings inside = *site.settings.admin;
  inside.user = postgres().settings(site.folder.path()).admin->user;
  const auto mighty = backend().connect(inside, {});
  for (const char* statement : {"RESET ROLE", "CREATE PUBLICATION everything FOR ALL TABLES",
                                "CREATE SCHEMA private", "CREATE TABLE private.secret (id int)"})
    mighty->execute(statement);
  const std::string findings =
      fmt::format("{}", fmt::join(backend().make_fence(site.settings, site.run.get())->preflight(), "\n"));
  CHECK_THAT(findings, Catch::Contains("is no member of the roles that these belong to") &&
                           Catch::Contains("private.secret of postgres") && Catch::Contains("everything"));
  mighty->execute("DROP SCHEMA private CASCADE");
  std::string text;
  dump(site.settings.for_changes(), text);
  const auto scratch = backend().make_scratch(site.settings, {}, site.folder.path(), "publishes");
  scratch->load(source_of(text), {});
  REQUIRE(scratch->lacking().size() == 1);
  CHECK_THAT(scratch->lacking().front(), Catch::Contains("is no superuser") &&
                                             Catch::Contains("CREATE PUBLICATION everything FOR ALL TABLES"));
}
