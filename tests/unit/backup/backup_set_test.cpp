#include "backup/backup_set.hpp"

#include <catch2/catch.hpp>

#include "backup_fixture.hpp"

using namespace bench;
using namespace bench::test;

namespace {

struct TwoSets : SiteFixture {
  BackupSet first;
  BackupSet second;
  TwoSets() : first(create()), second(create()) {}
  std::vector<std::filesystem::path> folders() const { return {bench / "nowhere", request.folder}; }
  std::filesystem::path opened(const std::string& reference) const {
    return BackupSet::open(reference, folders()).manifest_file();
  }
};

}  // namespace

TEST_CASE_METHOD(TwoSets, "a set is found by any of its files") {
  for (const char* role : {"database", "files", "private-files", "config"})
    CHECK(opened(second.file(role)->string()) == second.manifest_file());
  CHECK(opened(first.manifest_file().string()) == first.manifest_file());
}

TEST_CASE_METHOD(TwoSets, "a set is found by its name, a file's name, or its stamp in the folders") {
  CHECK(opened(first.name()) == first.manifest_file());
  CHECK(opened(first.file("database")->filename().string()) == first.manifest_file());
  CHECK(opened(second.manifest_file().filename().string()) == second.manifest_file());
  CHECK(opened(second.name().substr(0, 15)) == second.manifest_file());
}

TEST_CASE_METHOD(TwoSets, "a stamp that two sets bear is not guessed") {
  const std::string stamp = first.name().substr(0, 15);
  std::filesystem::copy_file(first.manifest_file(), request.folder / (stamp + "-other-manifest.json"));
  std::string message;
  CHECK(kind_of([&] { opened(stamp); }, &message) == Kind::bad_backup);
  CHECK(message == "'" + stamp + "' stands for 2 backup sets");
}

TEST_CASE_METHOD(TwoSets, "a set that is not there is an error with a hint") {
  std::string message;
  CHECK(kind_of([&] { opened("20200101_000000-library_example"); }, &message) == Kind::bad_backup);
  CHECK(message == "there is no backup set '20200101_000000-library_example'");
}

TEST_CASE_METHOD(TwoSets, "a file that no manifest names is no set") {
  const std::string dump = (request.folder / "20200101_000000-library_example-database.sql.gz").string();
  write_text(dump, "x");
  CHECK(BackupSet::manifest_of(dump) == std::nullopt);
  CHECK(BackupSet::manifest_of(request.folder / "notes.txt") == std::nullopt);
  CHECK(BackupSet::manifest_of(*first.file("files")) == first.manifest_file());
  std::string message;
  CHECK(kind_of([&] { opened(dump); }, &message) == Kind::bad_backup);
  CHECK(message == dump + ": it belongs to no finished backup set: no manifest names it");
}

TEST_CASE_METHOD(TwoSets, "a set tells its name, files and size") {
  CHECK(first.name() + "-manifest.json" == first.manifest_file().filename().string());
  CHECK(first.name().substr(15) == "-library_example");
  CHECK(first.file("database")->parent_path() == request.folder);
  CHECK(first.file("no such role") == std::nullopt);
  std::uint64_t size = 0;
  for (const char* role : {"database", "files", "private-files", "config"})
    size += std::filesystem::file_size(*first.file(role));
  CHECK(first.size() == size);
}

TEST_CASE_METHOD(TwoSets, "a listing has sets, broken manifests and unfinished files") {
  const auto broken = request.folder / "20200101_000000-library_example-manifest.json";
  const auto unfinished = request.folder / "20200102_000000-library_example-database.sql.gz";
  write_text(broken, "{}");
  write_text(unfinished, "x");
  write_text(request.folder / "notes.txt", "mine");
  const SetListing listing = list_sets(request.folder);
  REQUIRE(listing.sets.size() == 2);
  CHECK(listing.sets[0].name() == first.name());
  CHECK(listing.sets[1].name() == second.name());
  CHECK(listing.broken == std::vector{broken});
  CHECK(listing.unfinished == std::vector{unfinished});
}

TEST_CASE("a folder that does not exist has no sets") {
  const TemporaryFolder folder;
  const SetListing listing = list_sets(folder / "nowhere");
  CHECK(listing.sets.empty());
  CHECK(listing.broken.empty());
  CHECK(listing.unfinished.empty());
}
