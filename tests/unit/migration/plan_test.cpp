#include "migration/plan.hpp"

#include <catch2/catch.hpp>

#include "app_fixture.hpp"

using namespace bench;
using namespace bench::test;

namespace {

Patch patch(const std::string& id, const std::string& checksum = "1", const std::string& file = {},
            Phase phase = Phase::pre_model_sync) {
  Patch made;
  made.app = "demo";
  made.id = made.log_key = id;
  made.checksum = checksum;
  made.file = file.empty() ? "/" + id : file;
  made.phase = phase;
  return made;
}

LogEntry entry(const std::string& checksum, bool skipped = false) {
  LogEntry made;
  made.checksum = checksum;
  made.skipped = skipped;
  return made;
}

std::vector<std::string> ids(const std::vector<const Patch*>& patches) {
  std::vector<std::string> all;
  for (const Patch* each : patches) all.push_back(each->id);
  return all;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a plan tells what is applied, pending, skipped and drifted") {
  const std::vector<Patch> patches = {patch("applied"), patch("pending"), patch("skipped"),
                                      patch("drifted", "2"), patch("foreign")};
  const PatchLog log = {{"applied", entry("1")},
                        {"skipped", entry("", true)},
                        {"drifted", entry("1")},
                        {"foreign", entry("")},
                        {"gone", entry("1")}};
  const MigrationPlan plan(patches, log);
  REQUIRE(plan.all().size() == 5);
  CHECK(plan.all()[0].state == PatchState::applied);
  CHECK(plan.all()[0].patch == &patches[0]);
  CHECK(plan.all()[0].entry == &log.at("applied"));
  CHECK(plan.all()[1].state == PatchState::pending);
  CHECK(plan.all()[1].entry == nullptr);
  CHECK(plan.all()[2].state == PatchState::skipped);
  CHECK(plan.all()[3].state == PatchState::drifted);
  CHECK(plan.all()[4].state == PatchState::applied);
  CHECK(ids(plan.pending()) == Ids{"pending", "skipped"});
  CHECK(ids(plan.drifted()) == Ids{"drifted"});
}

TEST_CASE("only what is pending is read") {
  AppFixture app(PatchFormat::plain_sql);
  app.write("1.sql", "SELECT 'a string that is not closed");
  app.write("2.sql", "SELECT 2; SELECT 3;");
  std::vector<Patch> patches = app.read();
  const PatchLog log = {{"demo.1", entry(patches[0].checksum)}};
  read_pending_statements(patches, MigrationPlan(patches, log), Dialect::sqlite);
  CHECK(patches[0].statements.empty());
  CHECK(patches[1].statements.size() == 2);
}

TEST_CASE("of several lines that name one file the last tells what the file must have been") {
  const std::vector<Patch> patches = {patch("a", "2", "/a"), patch("a #2", "2", "/a")};
  const MigrationPlan done(patches, {{"a", entry("1")}, {"a #2", entry("2")}});
  CHECK(done.drifted().empty());
  CHECK(done.all()[0].state == PatchState::applied);
  const PatchLog changed = {{"a", entry("2")}, {"a #2", entry("1")}};
  CHECK(ids(MigrationPlan(patches, changed).drifted()) == Ids{"a #2"});
  const PatchLog again = {{"a", entry("1")}};
  CHECK(MigrationPlan(patches, again).drifted().empty());
  CHECK(ids(MigrationPlan(patches, again).pending()) == Ids{"a #2"});
}

TEST_CASE("patches without a checksum cannot drift") {
  const std::vector<Patch> patches = {patch("python", "")};
  const PatchLog log = {{"python", entry("1")}};
  CHECK(MigrationPlan(patches, log).all()[0].state == PatchState::applied);
}

TEST_CASE("patches run phase by phase, and in a phase app by app") {
  const auto in = [](const std::string& id, Phase phase) { return patch(id, "1", {}, phase); };
  const std::vector<Patch> ordered = in_run_order({
      {in("a1", Phase::pre_model_sync), in("a2", Phase::post_model_sync), in("a3", Phase::finally)},
      {},
      {in("b1", Phase::pre_model_sync), in("b2", Phase::pre_model_sync), in("b3", Phase::post_model_sync)},
  });
  Ids names;
  for (const Patch& each : ordered) names.push_back(each.id);
  CHECK(names == Ids{"a1", "b1", "b2", "a2", "b3", "a3"});
}

TEST_CASE("states and phases have names") {
  CHECK(name(PatchState::drifted) == "drifted");
  CHECK(name(PatchState::skipped) == "skipped");
  CHECK(name(Phase::pre_model_sync) == "pre_model_sync");
  CHECK(name(Phase::finally) == "finally");
}
