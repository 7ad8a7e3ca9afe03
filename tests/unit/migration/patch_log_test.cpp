#include "migration/patch_log.hpp"

#include <catch2/catch.hpp>

#include "migration_fixture.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("a database without the tables has an empty log") {
  MigrationFixture fixture;
  fixture.database().execute("DROP TABLE \"tabPatch Log\"");
  CHECK(read_patch_log(fixture.database()).empty());
  fixture.database().execute("DROP TABLE __bench_patch");
  CHECK_FALSE(applied_anything(fixture.database(), "op"));
}

TEST_CASE("an applied patch is logged as Frappe does, and with its checksum") {
  MigrationFixture fixture;
  const Patch patch = MigrationFixture::patch("a", "");
  write_patch_log(fixture.database(), patch, LogAs::applied, "op-1", {});
  CHECK(fixture.text("SELECT length(name), modified_by, owner, docstatus, idx, patch, skipped, traceback "
                     "FROM \"tabPatch "
                     "Log\" WHERE creation = modified AND creation LIKE '20__-__-__ __:__:__.______'") ==
        "10|Administrator|Administrator|0|0|demo.a|0|");
  const PatchLog log = read_patch_log(fixture.database());
  REQUIRE(log.size() == 1);
  const LogEntry& entry = log.at("demo.a");
  CHECK_FALSE(entry.skipped);
  CHECK(entry.checksum == "sum of a");
  CHECK(entry.operation == "op-1");
  CHECK(entry.applied_at == fixture.text("SELECT creation FROM \"tabPatch Log\""));
  CHECK(applied_anything(fixture.database(), "op-1"));
  CHECK_FALSE(applied_anything(fixture.database(), "op-2"));
}

TEST_CASE("a patch is logged once, and a skipped one counts as applied when it has run") {
  MigrationFixture fixture;
  const Patch patch = MigrationFixture::patch("a", "");
  write_patch_log(fixture.database(), patch, LogAs::skipped, "op-1", "first");
  write_patch_log(fixture.database(), patch, LogAs::skipped, "op-2", "second");
  CHECK(fixture.text("SELECT patch, skipped, traceback FROM \"tabPatch Log\"") == "demo.a|1|second");
  CHECK(read_patch_log(fixture.database()).at("demo.a").skipped);
  CHECK_FALSE(applied_anything(fixture.database(), "op-2"));
  write_patch_log(fixture.database(), patch, LogAs::applied, "op-3", {});
  write_patch_log(fixture.database(), patch, LogAs::applied, "op-4", {});
  CHECK(fixture.text("SELECT patch, skipped FROM \"tabPatch Log\"") == "demo.a|0");
  CHECK(fixture.text("SELECT patch, app, checksum, operation FROM __bench_patch") ==
        "demo.a|demo|sum of a|op-4");
}

TEST_CASE("a forced run that fails does not make an applied patch pending") {
  MigrationFixture fixture;
  const Patch patch = MigrationFixture::patch("a", "");
  write_patch_log(fixture.database(), patch, LogAs::applied, "op-1", {});
  write_patch_log(fixture.database(), patch, LogAs::skipped, "op-2", "x");
  CHECK_FALSE(read_patch_log(fixture.database()).at("demo.a").skipped);
}

TEST_CASE("a log that Frappe has written is understood") {
  MigrationFixture fixture;
  fixture.database().execute("DROP TABLE __bench_patch");
  fixture.database().execute(
      "INSERT INTO \"tabPatch Log\" (name, patch, skipped, creation) VALUES ('1', 'a', 1, 'x'), ('2', 'a', "
      "0, 'y'), ('3', 'a', "
      "1, 'z'), ('4', 'b', 1, ''), ('5', 'c', NULL, '')");
  const PatchLog log = read_patch_log(fixture.database());
  CHECK(log.size() == 3);
  CHECK_FALSE(log.at("a").skipped);
  CHECK(log.at("a").applied_at == "y");
  CHECK(log.at("a").checksum.empty());
  CHECK(log.at("a").operation.empty());
  CHECK(log.at("b").skipped);
  CHECK_FALSE(log.at("c").skipped);
}

TEST_CASE("drift can be accepted") {
  MigrationFixture fixture;
  Patch patch = MigrationFixture::patch("a", "");
  write_patch_log(fixture.database(), patch, LogAs::applied, "op-1", {});
  patch.checksum = "new";
  accept_checksum(fixture.database(), patch);
  CHECK(read_patch_log(fixture.database()).at("demo.a").checksum == "new");
  CHECK(read_patch_log(fixture.database()).at("demo.a").operation == "op-1");
}

TEST_CASE("a run is whole when its note is there, whatever it applied, and only the latest has one") {
  MigrationFixture fixture;
  CHECK_FALSE(run_is_whole(fixture.database(), "op-1"));
  note_run(fixture.database(), "op-1");
  CHECK(run_is_whole(fixture.database(), "op-1"));
  note_run(fixture.database(), "op-2");
  CHECK_FALSE(run_is_whole(fixture.database(), "op-1"));
  CHECK(run_is_whole(fixture.database(), "op-2"));
  fixture.database().execute("DROP TABLE __bench_state");
  CHECK_FALSE(run_is_whole(fixture.database(), "op-2"));
}
