#include <catch2/catch.hpp>
#include <chrono>

#include "backup_fixture.hpp"
#include "base/time.hpp"

using namespace bench;
using namespace bench::test;

namespace {

struct Retention : SiteFixture {
  /// A set as it would be had it been made so many hours ago.
  BackupSet aged(int hours) {
    const BackupSet set = create();
    Manifest manifest = set.manifest();
    manifest.created = to_iso8601(Clock::now() - std::chrono::hours(hours));
    write_text(set.manifest_file(), to_text(manifest));
    return BackupSet::load(set.manifest_file());
  }
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const BackupSet& set : list_sets(request.folder).sets) names.push_back(set.name());
    return names;
  }
};

}  // namespace

TEST_CASE_METHOD(Retention, "sets that are old enough go with all their files") {
  const BackupSet old = aged(25);
  const BackupSet young = aged(23);
  const BackupSet newest = create();
  const auto removed = remove_old_sets(request.folder, newest, 24);
  CHECK(removed == std::vector{*old.file("database"), *old.file("files"), *old.file("private-files"),
                               *old.file("config"), old.manifest_file()});
  CHECK(left() == std::vector{young.name(), newest.name()});
  CHECK(names_in(request.folder).size() == 10);
}

TEST_CASE_METHOD(Retention, "the newest set stays however old it is, and so does what is newer") {
  const BackupSet newest = aged(100);
  const BackupSet later = aged(50);
  CHECK(remove_old_sets(request.folder, newest, 24).empty());
  CHECK(left() == std::vector{newest.name(), later.name()});
}

TEST_CASE_METHOD(Retention, "the last set with files stays until a newer one has them") {
  const BackupSet with_files = aged(100);
  request.with_files = false;
  const BackupSet without = aged(50);
  const BackupSet newest = create();
  remove_old_sets(request.folder, newest, 24);
  CHECK(left() == std::vector{with_files.name(), newest.name()});
  request.with_files = true;
  const BackupSet complete = create();
  remove_old_sets(request.folder, complete, 24);
  CHECK(left() == std::vector{newest.name(), complete.name()});
}

TEST_CASE_METHOD(Retention, "a partial set does not stand for a whole one") {
  request.with_files = false;
  const BackupSet whole = aged(100);
  request.selection.includes = {"Book"};
  const BackupSet part = aged(50);
  const BackupSet newest = create();
  remove_old_sets(request.folder, newest, 24);
  CHECK(left() == std::vector{whole.name(), newest.name()});
}

TEST_CASE_METHOD(Retention, "a set that is cut off does not stand for a whole one") {
  request.with_files = false;
  const BackupSet whole = aged(100);
  const BackupSet cut_off = aged(50);
  std::filesystem::resize_file(*cut_off.file("database"), 10);
  request.selection.includes = {"Book"};
  const BackupSet newest = create();
  remove_old_sets(request.folder, newest, 24);
  CHECK(left() == std::vector{whole.name(), cut_off.name(), newest.name()});
}

TEST_CASE_METHOD(Retention, "sets of other sites and files of others stay") {
  const BackupSet other = aged(100);
  Manifest manifest = other.manifest();
  manifest.site = "neighbour.example";
  write_text(other.manifest_file(), to_text(manifest));
  write_text(request.folder / "20200101_000000-library_example-database.sql.gz", "Frappe's own");
  write_text(request.folder / "20200101_000000-library_example-manifest.json", "{}");
  CHECK(remove_old_sets(request.folder, create(), 1).empty());
  CHECK(left().size() == 2);
}

TEST_CASE_METHOD(Retention, "a file with a path of its own stays: a newer set may have it") {
  request.database_path = bench / "db.sql.gz";
  const BackupSet old = aged(100);
  const BackupSet newest = create();
  remove_old_sets(request.folder, newest, 24);
  CHECK(left() == std::vector{newest.name()});
  CHECK_NOTHROW(verify_set(newest, progress));
}

TEST_CASE_METHOD(Retention, "a set that was being removed when the process ended is removed for good") {
  const BackupSet set = create();
  std::filesystem::rename(set.manifest_file(),
                          request.folder / ("." + set.name() + "-manifest.json.99999.0.bench-tmp"));
  std::filesystem::remove(*set.file("database"));
  remove_interrupted_sets(request.folder);
  CHECK(names_in(request.folder).empty());
}

TEST_CASE_METHOD(Retention, "removing a set removes its files and nothing else") {
  const BackupSet first = create();
  const BackupSet second = create();
  remove_set(first);
  CHECK(left() == std::vector{second.name()});
  CHECK(names_in(request.folder).size() == 5);
}
