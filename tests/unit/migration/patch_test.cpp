#include "migration/patch.hpp"

#include <catch2/catch.hpp>

#include "app_fixture.hpp"
#include "base/digest.hpp"
#include "support/errors.hpp"

using namespace bench;
using namespace bench::test;

namespace {

Patch patch_of(std::string_view sql, Dialect dialect = Dialect::sqlite) {
  AppFixture app(PatchFormat::plain_sql);
  app.write("1.sql", sql);
  Patch patch = read_patch_file(app.path() / "1.sql");
  read_statements(patch, dialect);
  return patch;
}

std::string problem_of(std::string_view sql, Dialect dialect = Dialect::sqlite) {
  const Patch patch = patch_of(sql, dialect);
  CHECK(patch.problem.empty() == (patch.kind == PatchKind::sql));
  return patch.problem.substr(patch.problem.find("1.sql"));
}

std::vector<std::string> texts_of(const Patch& patch) {
  std::vector<std::string> texts;
  for (const Statement& statement : patch.statements) texts.push_back(statement.text);
  return texts;
}

}  // namespace

TEST_CASE("an SQL file is read into statements") {
  const Patch patch = patch_of("CREATE TABLE a (b);\n\nINSERT INTO a VALUES (1);\n");
  CHECK(patch.kind == PatchKind::sql);
  CHECK(patch.problem.empty());
  CHECK(texts_of(patch) == std::vector<std::string>{"CREATE TABLE a (b)", "INSERT INTO a VALUES (1)"});
  CHECK(patch.statements[1].line == 3);
  CHECK(patch.checksum == sha256("CREATE TABLE a (b);\n\nINSERT INTO a VALUES (1);\n"));
}

TEST_CASE("a checksum does not depend on line ends and the byte order mark") {
  CHECK(patch_of("\xEF\xBB\xBFSELECT 1;\r\n-- \r\n").checksum == sha256("SELECT 1;\n-- \n"));
  CHECK(patch_of("a\r\r\nb\r").checksum == sha256("a\r\nb\r"));
}

TEST_CASE("one transaction around the whole patch is dropped") {
  const std::vector<std::string> inner{"a", "b"};
  CHECK(texts_of(patch_of("BEGIN; a; b; COMMIT;")) == inner);
  CHECK(texts_of(patch_of("-- why\nbegin immediate transaction; a; b; END TRANSACTION")) == inner);
  CHECK(texts_of(patch_of("START TRANSACTION; a; b; COMMIT;", Dialect::mariadb)) == inner);
  CHECK(patch_of("BEGIN; COMMIT;").statements.empty());
  CHECK(patch_of("BEGIN; COMMIT;").problem.empty());
}

TEST_CASE("what must not stand in a patch is refused with its line") {
  CHECK(problem_of("a;\nBEGIN;\nb;\nCOMMIT;\nc") == "1.sql:2: BEGIN must not stand in a patch");
  CHECK(problem_of("BEGIN; a; COMMIT;\nBEGIN; b; COMMIT;") == "1.sql:1: COMMIT must not stand in a patch");
  CHECK(problem_of("a;\n\n/* x */ rollback") == "1.sql:3: ROLLBACK must not stand in a patch");
  CHECK(problem_of("SAVEPOINT x") == "1.sql:1: SAVEPOINT must not stand in a patch");
  CHECK(problem_of("RELEASE x") == "1.sql:1: RELEASE must not stand in a patch");
  CHECK(problem_of("END") == "1.sql:1: END must not stand in a patch");
  CHECK(problem_of("VACUUM INTO 'x'") == "1.sql:1: VACUUM must not stand in a patch");
  CHECK(problem_of("ATTACH 'x' AS y") == "1.sql:1: ATTACH must not stand in a patch");
  CHECK(problem_of("DETACH y") == "1.sql:1: DETACH must not stand in a patch");
  CHECK(problem_of("PRAGMA journal_mode = DELETE") ==
        "1.sql:1: PRAGMA journal_mode must not stand in a patch");
  CHECK(problem_of("PRAGMA /* x */ \"main\" . [Journal_Mode](wal)") ==
        "1.sql:1: PRAGMA journal_mode must not stand in a patch");
  CHECK(problem_of("a;\n.import x y") ==
        "1.sql:2: a command of the database's shell must not stand in a patch");
  CHECK(problem_of("SELECT 1\\g\n", Dialect::mariadb) ==
        "1.sql:1: a command of the database's shell must not stand in a patch");
  CHECK(problem_of("\\i x.sql\n", Dialect::postgres) ==
        "1.sql:1: a command of the database's shell must not stand in a patch");
  CHECK(problem_of("/*!50001 COMMIT */", Dialect::mariadb) == "1.sql:1: COMMIT must not stand in a patch");
  CHECK(problem_of("START TRANSACTION", Dialect::postgres) ==
        "1.sql:1: START TRANSACTION must not stand in a patch");
  CHECK(problem_of(std::string_view("SELECT '\0'", 11)) ==
        "1.sql:1: a NUL character must not stand in a patch");
}

TEST_CASE("what only looks like it is not refused") {
  CHECK(patch_of("PRAGMA foreign_keys = OFF; PRAGMA journal_mode_x").problem.empty());
  CHECK(patch_of("CREATE TABLE begin (commit); SELECT 'COMMIT', '\\' -- VACUUM").problem.empty());
  CHECK(patch_of("BEGIN NOT ATOMIC COMMIT; END", Dialect::mariadb).problem.empty());
  CHECK(patch_of("SELECT '\\g', `\\g`, 1 /* \\g */", Dialect::mariadb).problem.empty());
}

TEST_CASE("an SQL file with an open string is an error that names file and line") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("1.sql", "SELECT 1;\nSELECT 'x");
  Patch patch = app.read().at(0);
  const auto error = error_of([&] { read_statements(patch, Dialect::sqlite); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::configuration);
  CHECK(std::string(error->what()) ==
        (app.path() / "1.sql").string() + ": line 2: a string begins here and is not closed");
}

TEST_CASE("a file that was changed between its checksum and its statements is refused") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("1.sql", "SELECT 1;");
  Patch patch = app.read().at(0);
  app.write("1.sql", "SELECT 2;");
  const auto error = error_of([&] { read_statements(patch, Dialect::sqlite); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::configuration);
  CHECK(patch.statements.empty());
}

TEST_CASE("other files are executables, or cannot run") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("x.sh", "#!/bin/sh\necho 'SELECT 1;'\n");
  CHECK(read_patch_file(app.path() / "x.sh").problem ==
        (app.path() / "x.sh").string() + ": it is neither SQL nor executable");
  app.make_executable("x.sh");
  const Patch executable = read_patch_file(app.path() / "x.sh");
  CHECK(executable.kind == PatchKind::executable);
  CHECK(executable.checksum == sha256("#!/bin/sh\necho 'SELECT 1;'\n"));
  CHECK(executable.statements.empty());

  app.write("y.py", "def execute(): pass\n");
  app.make_executable("y.py");
  const Patch python = read_patch_file(app.path() / "y.py");
  CHECK(python.kind == PatchKind::unsupported);
  CHECK(python.problem == (app.path() / "y.py").string() + ": bench does not run Python patches");
  CHECK_FALSE(python.hint.empty());
}

TEST_CASE("what an executable prints keeps the same rules") {
  const auto statements = statements_of_output("BEGIN;\nSELECT 1;\nCOMMIT;\n", "/x/y", Dialect::sqlite);
  REQUIRE(statements.size() == 1);
  CHECK(statements[0].line == 2);
  CHECK(message_of([] { statements_of_output("SELECT 1;\nVACUUM;", "/x/y", Dialect::sqlite); }) ==
        "output of /x/y:2: VACUUM must not stand in a patch");
  CHECK(message_of([] { statements_of_output("SELECT 'x", "/x/y", Dialect::sqlite); }) ==
        "output of /x/y: line 1: a string begins here and is not closed");
}
