#include <catch2/catch.hpp>

#include "app_fixture.hpp"
#include "support/errors.hpp"

using namespace bench;
using namespace bench::test;

namespace {

using Ids = std::vector<std::string>;

std::string problem_with(std::string_view list) {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", list);
  app.write("patches/v1/a.sql", "a");
  const auto error = error_of([&] { app.read(); });
  if (!error) return "no error";
  CHECK(error->kind() == Kind::configuration);
  return std::string(error->what()).substr(app.path().string().size() + 1);
}

}  // namespace

TEST_CASE("patches.txt is read as Frappe reads it") {
  AppFixture app(PatchFormat::patches_txt);
  app.write(
      "patches.txt",
      "\xEF\xBB\xBF# a list\r\n[post_model_sync]\r\n  demo.patches.v1.c\t\n\nfinally:demo.patches.v1.e\n"
      "[pre_model_sync]\ndemo.patches.v1.a\n#demo.patches.v1.x\ndemo.patches.v1.a #2024-01-31\n"
      "finally: demo.b");
  for (const char* file : {"patches/v1/a.sql", "b.sql", "patches/v1/c.sql", "patches/v1/e.sql"})
    app.write(file, file);
  const auto patches = app.read();
  REQUIRE(patches.size() == 5);
  CHECK(app.ids() == Ids{"demo.patches.v1.a", "demo.patches.v1.a #2024-01-31", "demo.patches.v1.c",
                         "demo.patches.v1.e", "demo.b"});
  CHECK(patches[0].phase == Phase::pre_model_sync);
  CHECK(patches[1].phase == Phase::pre_model_sync);
  CHECK(patches[2].phase == Phase::post_model_sync);
  CHECK(patches[3].phase == Phase::finally);
  CHECK(patches[4].phase == Phase::finally);
  CHECK(patches[1].log_key == "demo.patches.v1.a #2024-01-31");
  CHECK(patches[1].app == "demo");
  CHECK(patches[1].file == app.path() / "patches/v1/a.sql");
  CHECK(patches[4].file == app.path() / "b.sql");
}

TEST_CASE("without sections all patches run before the others") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "demo.b\ndemo.a");
  app.write("a.sql", "");
  app.write("b.sql", "");
  CHECK(app.ids() == Ids{"demo.b", "demo.a"});
  CHECK(app.read().at(0).phase == Phase::pre_model_sync);
  app.write("patches.txt", "");
  CHECK(app.read().empty());
}

TEST_CASE("a dotted name means SQL for this database, for all, an executable or Python") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "demo.v1.x");
  const auto chosen = [&] { return std::filesystem::path(app.read().at(0).file).filename().string(); };
  app.write("v1/x.txt", "");
  CHECK(app.read().at(0).problem ==
        (app.path() / "v1/x.txt").string() + ": it is neither SQL nor executable");
  app.write("v1/x.mariadb.sql", "m");
  app.write("v1/x.py", "");
  CHECK(chosen() == "x.py");
  CHECK(app.read().at(0).kind == PatchKind::unsupported);
  app.write("v1/x", "");
  app.make_executable("v1/x");
  CHECK(chosen() == "x");
  CHECK(app.read().at(0).kind == PatchKind::executable);
  app.write("v1/x.sql", "all");
  CHECK(chosen() == "x.sql");
  app.write("v1/x.sqlite.sql", "mine");
  app.write("v1/xy.sql", "other");
  app.write("v1/x.sql.orig", "other");
  CHECK(chosen() == "x.sqlite.sql");
}

TEST_CASE("a patch for other databases only can be listed and not run") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "demo.x");
  app.write("x.postgres.sql", "");
  const Patch patch = app.read().at(0);
  CHECK(patch.kind == PatchKind::unsupported);
  CHECK(patch.log_key == "demo.x");
  CHECK(patch.checksum.empty());
  CHECK(patch.problem == (app.path() / "x.postgres.sql").string() + ": the patch has no variant for sqlite");
}

TEST_CASE("execute: lines are listed and not run") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "\nexecute:frappe.db.sql('x') #1");
  const Patch patch = app.read().at(0);
  CHECK(patch.kind == PatchKind::unsupported);
  CHECK(patch.log_key == "execute:frappe.db.sql('x') #1");
  CHECK(patch.problem == (app.path() / "patches.txt").string() +
                             ":2: bench does not run Python: execute:frappe.db.sql('x') #1");
}

TEST_CASE("a patch whose file is gone is listed and cannot run") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "demo.patches.v1.a\n\ndemo.patches.v1.b");
  app.write("patches/v1/a.sql", "a");
  const Patch patch = app.read().at(1);
  CHECK(patch.kind == PatchKind::unsupported);
  CHECK(patch.log_key == "demo.patches.v1.b");
  CHECK(patch.problem ==
        (app.path() / "patches.txt").string() + ":3: there is no file for the patch 'demo.patches.v1.b'");
  CHECK(patch.hint == "create " + (app.path() / "patches/v1/b.sql").string());
}

TEST_CASE("a list that is wrong is refused with its line") {
  CHECK(problem_with("demo.patches.v1.a\ndemo.patches.v1.a") ==
        "patches.txt:2: 'demo.patches.v1.a' stands here a second time");
  CHECK(problem_with("other.patches.v1.a") ==
        "patches.txt:1: 'other.patches.v1.a' is not a patch of the app demo");
  CHECK(problem_with("demo.patches..a") == "patches.txt:1: 'demo.patches..a' is not a dotted name");
  CHECK(problem_with("demo.../x") == "patches.txt:1: 'demo.../x' is not a dotted name");
  CHECK(problem_with("demo.") == "patches.txt:1: 'demo.' is not a dotted name");
  CHECK(problem_with("[model_sync]") == "patches.txt:1: unknown section [model_sync]");
  CHECK(problem_with("finally:") == "patches.txt:1: there is no patch behind 'finally:'");
}

TEST_CASE("two executables of one name are refused") {
  AppFixture app(PatchFormat::patches_txt);
  app.write("patches.txt", "demo.x");
  app.write("x.sh", "");
  app.write("x.pl", "");
  app.make_executable("x.sh");
  app.make_executable("x.pl");
  CHECK(message_of([&] { app.read(); }) == (app.path() / "x.sh").string() + ": x.pl could be meant as well");
}
