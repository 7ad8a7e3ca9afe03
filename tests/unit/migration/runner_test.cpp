#include "migration/runner.hpp"

#include <catch2/catch.hpp>

#include <csignal>

#include "migration/patch_log.hpp"
#include "migration_fixture.hpp"
#include "operation/interruption.hpp"
#include "support/errors.hpp"

using namespace bench;
using namespace bench::test;

namespace {

class Notes : public SilentProgress {
 public:
  void advance(std::uint64_t done, std::uint64_t total) override {
    steps += std::to_string(done) + "/" + std::to_string(total) + " ";
  }
  void warning(std::string_view text) override { warnings.emplace_back(text); }
  std::string steps;
  std::vector<std::string> warnings;
};

struct Run {
  MigrationFixture fixture;
  Notes notes;
  RunOptions options;

  Run() { options.operation = "op"; }
  MigrationReport operator()(const std::vector<Patch>& patches) {
    std::vector<const Patch*> pointers;
    for (const Patch& patch : patches) pointers.push_back(&patch);
    return MigrationRunner(fixture.database(), notes, options).run(pointers);
  }
  std::string tables() {
    return fixture.text(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'tabPatch Log' AND name NOT GLOB "
        "'__bench*' "
        "ORDER BY name");
  }
};

Patch patch(const std::string& id, std::string_view sql) {
  return MigrationFixture::patch(id, sql);
}

std::string states(const MigrationReport& report) {
  std::string all;
  for (const PatchResult& result : report.patches)
    all += result.patch + " " + std::string(result.undone ? "undone" : name(result.state)) + "; ";
  return all;
}

}  // namespace

TEST_CASE("patches are applied in order, each with its log row") {
  Run run;
  const auto report = run({patch("1", "CREATE TABLE a (x); INSERT INTO a VALUES (1);"),
                           patch("2",
                                 "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 5; END;\n"
                                 "INSERT INTO a VALUES (2);"),
                           patch("3", "-- empty")});
  CHECK_FALSE(report.failure);
  CHECK(report.committed);
  CHECK(states(report) == "1 applied; 2 applied; 3 applied; ");
  CHECK(report.patches[0].app == "demo");
  CHECK(run.notes.steps == "1/3 2/3 3/3 ");
  CHECK_FALSE(run.fixture.database().in_transaction());
  CHECK(run.fixture.text("SELECT x FROM a") == "5; 5");
  CHECK(run.fixture.text("SELECT patch, skipped FROM \"tabPatch Log\" ORDER BY patch") ==
        "demo.1|0; demo.2|0; demo.3|0");
  CHECK(run_is_whole(*run.fixture.another_connection(), "op"));
}

TEST_CASE("the first failure takes the whole run back") {
  Run run;
  const auto report =
      run({patch("1", "CREATE TABLE a (x)"), patch("2", "CREATE TABLE b (x);\n\nINSERT INTO c VALUES (1);"),
           patch("3", "CREATE TABLE d (x)")});
  REQUIRE(report.failure);
  CHECK(report.failure->kind() == Kind::statement);
  CHECK(std::string(report.failure->what()) ==
        "demo: patch 2: /apps/demo/2.sql: line 3: SQLite: no such table: c");
  CHECK(report.failure->statement() == "INSERT INTO c VALUES (1)");
  CHECK_FALSE(report.committed);
  CHECK(states(report) == "1 undone; 2 failed; 3 pending; ");
  CHECK(report.patches[1].error == "line 3: SQLite: no such table: c");
  CHECK(run.tables().empty());
  CHECK(read_patch_log(run.fixture.database()).empty());
  CHECK_FALSE(run.fixture.database().in_transaction());
}

TEST_CASE("a failing patch can be skipped, is logged once and is tried again") {
  Run run;
  run.options.on_failure = RunOptions::OnFailure::skip;
  const std::vector<Patch> patches = {patch("1", "CREATE TABLE a (x)"),
                                      patch("2", "CREATE TABLE b (x); INSERT INTO c VALUES (1)"),
                                      patch("3", "CREATE TABLE d (x)")};
  const auto report = run(patches);
  CHECK_FALSE(report.failure);
  CHECK(report.committed);
  CHECK(states(report) == "1 applied; 2 skipped; 3 applied; ");
  CHECK(report.patches[1].error == "demo: patch 2: /apps/demo/2.sql: line 1: SQLite: no such table: c");
  CHECK(run.notes.warnings == std::vector<std::string>{"skipped: " + report.patches[1].error});
  CHECK(run.tables() == "a; d");
  CHECK(run.fixture.text("SELECT patch, skipped, traceback FROM \"tabPatch Log\" WHERE skipped = 1") ==
        "demo.2|1|" + report.patches[1].error);

  CHECK(states(run({patches[1]})) == "2 skipped; ");
  CHECK(run.fixture.text("SELECT count(*) FROM \"tabPatch Log\" WHERE patch = 'demo.2'") == "1");
  run.fixture.database().execute("CREATE TABLE c (x)");
  CHECK(states(run({patches[1]})) == "2 applied; ");
  CHECK_FALSE(read_patch_log(run.fixture.database()).at("demo.2").skipped);
}

TEST_CASE("a failure that rolled the whole transaction back cannot be skipped") {
  Run run;
  run.options.on_failure = RunOptions::OnFailure::skip;
  const auto report = run({patch("1", "CREATE TABLE a (x UNIQUE)"),
                           patch("2", "INSERT INTO a VALUES (1); INSERT OR ROLLBACK INTO a VALUES (1)"),
                           patch("3", "CREATE TABLE d (x)")});
  REQUIRE(report.failure);
  CHECK(states(report) == "1 undone; 2 failed; 3 pending; ");
  CHECK(run.tables().empty());
  CHECK(read_patch_log(run.fixture.database()).empty());
}

TEST_CASE("executables print the SQL of their patch") {
  Run run;
  Patch executable = patch("1", "");
  executable.kind = PatchKind::executable;
  std::string asked_for;
  std::string output = "CREATE TABLE a (x);\nINSERT INTO a VALUES (7);";
  run.options.run_executable = [&](const Patch& asked, RunOptions::Printed) {
    asked_for = asked.id;
    return output;
  };
  CHECK_FALSE(run({executable}).failure);
  CHECK(asked_for == "1");
  CHECK(run.fixture.text("SELECT x FROM a") == "7");

  output = "SELECT 1;\nCOMMIT;";
  const auto refused = run({executable});
  REQUIRE(refused.failure);
  CHECK(refused.failure->kind() == Kind::configuration);
  CHECK(std::string(refused.failure->what()) ==
        "demo: patch 1: /apps/demo/1.sql: output of /apps/demo/1.sql:2: COMMIT must not stand in a patch");
  run.options.on_failure = RunOptions::OnFailure::skip;
  CHECK(states(run({executable})) == "1 skipped; ");
}

TEST_CASE("session statements run once before an app's first patch") {
  Run run;
  run.fixture.database().execute("CREATE TABLE log (x)");
  run.options.session = {{"demo", {"INSERT INTO log VALUES ('session')"}},
                         {"other", {"INSERT INTO log VALUES ('other')"}}};
  CHECK_FALSE(
      run({patch("1", "INSERT INTO log VALUES (1)"), patch("2", "INSERT INTO log VALUES (2)")}).failure);
  CHECK(run.fixture.text("SELECT x FROM log") == "session; 1; 2");

  run.options.session = {{"demo", {"nonsense"}}};
  const auto report = run({patch("3", "SELECT 1")});
  REQUIRE(report.failure);
  CHECK(std::string(report.failure->what()) ==
        "demo: patch 3: /apps/demo/3.sql: session statement 'nonsense' of app demo: SQLite: near "
        "\"nonsense\": syntax error");
}

TEST_CASE("a signal stops the run before the next patch, and it is not skipped") {
  Run run;
  run.options.on_failure = RunOptions::OnFailure::skip;
  Patch executable = patch("2", "");
  executable.kind = PatchKind::executable;
  run.options.run_executable = [](const Patch&, RunOptions::Printed) {
    std::raise(SIGTERM);
    return std::string();
  };
  const InterruptionHandler handler;
  const auto report = run({patch("1", "CREATE TABLE a (x)"), executable, patch("3", "CREATE TABLE b (x)")});
  REQUIRE(report.failure);
  CHECK(report.failure->kind() == Kind::terminated);
  CHECK(states(report) == "1 undone; 2 undone; 3 pending; ");
  CHECK_FALSE(report.committed);
  CHECK(run.tables().empty());
}

TEST_CASE("states of a run have names") {
  CHECK(name(RunState::applied) == "applied");
  CHECK(name(RunState::skipped) == "skipped");
  CHECK(name(RunState::failed) == "failed");
  CHECK(name(RunState::pending) == "pending");
}
