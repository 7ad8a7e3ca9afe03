#include <catch2/catch.hpp>

#include "app_fixture.hpp"
#include "support/errors.hpp"

using namespace bench;
using namespace bench::test;

namespace {

using Ids = std::vector<std::string>;

std::string problem_in(const AppFixture& app, Dialect dialect = Dialect::sqlite) {
  const auto error = error_of([&] { app.read(dialect); });
  if (!error) return "no error";
  CHECK(error->kind() == Kind::configuration);
  std::string message = error->what();
  const std::string prefix = app.path().string() + "/";
  for (std::size_t at = 0; (at = message.find(prefix)) != std::string::npos;)
    message.erase(at, prefix.size());
  return message;
}

}  // namespace

TEST_CASE("golang-migrate: up files by number") {
  AppFixture app(PatchFormat::golang_migrate);
  app.write("0010_last.up.sql", "c");
  app.write("9_second.up.sql", "b");
  app.write("0009_second.down.sql", "DROP");
  app.write("0001_first.up.sql", "a");
  app.write("README.md", "");
  CHECK(app.ids() == Ids{"0001_first", "9_second", "0010_last"});
  const Patch patch = app.read_patch(1);
  CHECK(patch.app == "demo");
  CHECK(patch.log_key == "demo.9_second");
  CHECK(patch.phase == Phase::pre_model_sync);
  CHECK(patch.file == app.path() / "9_second.up.sql");
  CHECK(patch.statements.at(0).text == "b");

  app.write("09_other.up.sql", "");
  CHECK(problem_in(app) == "9_second.up.sql: it has the same version as 09_other.up.sql");
}

TEST_CASE("golang-migrate: a name that says nothing is refused") {
  AppFixture app(PatchFormat::golang_migrate);
  const std::string file = GENERATE("x.sql", "x_y.up.sql", "1.up.sql", "1_x.sql", "1x_y.up.sql");
  app.write(file, "");
  CHECK(problem_in(app) == file + ": a golang-migrate migration is named like 0001_title.up.sql");
}

TEST_CASE("Diesel: folders by version") {
  AppFixture app(PatchFormat::diesel);
  app.write("2024-01-31-120000_later/up.sql", "b");
  app.write("2024-01-31-120000_later/down.sql", "x");
  app.write("00000000000000_diesel_initial_setup/up.sql", "a");
  app.write(".hidden/x", "");
  app.write("README", "");
  CHECK(app.ids() == Ids{"00000000000000_diesel_initial_setup", "2024-01-31-120000_later"});
  CHECK(app.read().at(1).file == app.path() / "2024-01-31-120000_later" / "up.sql");

  app.write("2025_empty/down.sql", "");
  CHECK(problem_in(app) == "2025_empty: the migration has no up.sql");
  app.write("x/up.sql", "");
  CHECK(problem_in(app) == "2025_empty: the migration has no up.sql");
}

TEST_CASE("Flyway: versions, then what is repeatable") {
  AppFixture app(PatchFormat::flyway);
  app.write("V1.10__c.sql", "c");
  app.write("V1_2__b.sql", "b");
  app.write("deeper/V1__a.sql", "a");
  app.write("U1__a.sql", "undo");
  app.write("R__views.sql", "v");
  CHECK(app.ids() == Ids{"V1__a", "V1_2__b", "V1.10__c", "R__views #4c94485e0c21"});
  CHECK(app.read().at(3).log_key == "demo.R__views #4c94485e0c21");

  app.write("R__views.sql", "w");
  CHECK(app.ids().at(3) == "R__views #50e721e49c01");
  app.write("V1.2.0__again.sql", "");
  CHECK(problem_in(app) == "V1_2__b.sql: it has the same version as V1.2.0__again.sql");
}

TEST_CASE("Flyway: a name that says nothing is refused") {
  AppFixture app(PatchFormat::flyway);
  const std::string file =
      GENERATE("x.sql", "V1_x.sql", "Vx__y.sql", "B1__x.sql", "afterMigrate.sql", "__x.sql");
  app.write(file, "");
  CHECK(problem_in(app) == file + ": a Flyway migration is named like V1.2__title.sql or R__title.sql");
}

TEST_CASE("numbered SQL files, also one a database") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("2008030300.sql", "c");
  app.write("2-x.sqlite.sql", "b");
  app.write("2-x.sql", "z");
  app.write("2-x.mariadb.sql", "y");
  app.write("001_a.sql", "a");
  app.write("notes.txt", "");
  CHECK(app.ids() == Ids{"001_a", "2-x", "2008030300"});
  CHECK(app.read_patch(1).statements.at(0).text == "b");
  CHECK(app.read_patch(1, Dialect::mariadb).statements.at(0).text == "y");
  CHECK(app.read_patch(1, Dialect::postgres).statements.at(0).text == "z");

  app.write("3.mariadb.sql", "m");
  const Patch other = app.read().at(2);
  CHECK(other.id == "3");
  CHECK(other.log_key == "demo.3");
  CHECK(other.kind == PatchKind::unsupported);
  CHECK(other.problem == (app.path() / "3.mariadb.sql").string() + ": the patch has no variant for sqlite");
  CHECK(other.hint == "write 3.sqlite.sql beside it");

  app.write("01_b.sql", "");
  CHECK(problem_in(app) == "01_b.sql: it has the same number as 001_a.sql");
}

TEST_CASE("numbered SQL files: a name without a number is refused") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("initial.sql", "");
  CHECK(problem_in(app) == "initial.sql: its name does not begin with a number");
}

TEST_CASE("an app may have no patches, but not only for other databases") {
  AppFixture app(PatchFormat::plain_sql);
  app.app().patch_folders.clear();
  CHECK(app.read().empty());
  app.app().patch_folders["mariadb"] = app.path();
  CHECK(app.read(Dialect::mariadb).empty());
  CHECK(message_of([&] { app.read(); }) == app.path().string() + ": the app demo has no patches for sqlite");
}

TEST_CASE("a folder that cannot be read is an error") {
  AppFixture app(PatchFormat::flyway);
  app.app().patch_folders[""] = app.path() / "absent";
  CHECK(problem_in(app) == "absent: the folder of the patches cannot be read: No such file or directory");
}
