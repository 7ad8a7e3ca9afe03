#include "operation/operation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "operation/site_lock.hpp"
#include "support/sqlite_site.hpp"

using namespace bench;
using bench::test::SqliteSite;

TEST_CASE("a record is on disk from the start, and tells every step") {
  const SqliteSite place;
  Operation operation = Operation::begin(place.site(), "migrate");
  const auto file = place.site().operations_folder() / (operation.id() + ".json");
  const auto on_disk = [&file] { return nlohmann::json::parse(read_file(file)); };
  CHECK(on_disk().at("state") == "running");
  CHECK(on_disk().at("pid") == getpid());
  operation.step("enter");
  operation.step("apply");
  CHECK(on_disk().at("steps").size() == 2);
  CHECK(on_disk().at("steps")[0].at("finished").is_string());
  CHECK(on_disk().at("steps")[1].at("finished").is_null());
  operation.update([](nlohmann::json& record) { record["saved"]["key"] = "value"; });
  CHECK(on_disk().at("saved").at("key") == "value");
  operation.finish(OperationState::done, {{"answer", 42}});
  CHECK(on_disk().at("state") == "done");
  CHECK(on_disk().at("result").at("answer") == 42);
  CHECK(on_disk().at("steps")[1].at("finished").is_string());
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
}

TEST_CASE("operations are listed in their order, and what is no record is set apart") {
  const SqliteSite place;
  const std::string first = Operation::begin(place.site(), "backup").id();
  Operation::begin(place.site(), "backup").finish(OperationState::done);
  const auto broken = place.site().operations_folder() / "20990101-000000-migrate-0000.json";
  write_all(open_file(broken, O_WRONLY | O_CREAT).get(), "{\"state\": \"run", broken);
  std::vector<std::filesystem::path> unreadable;
  CHECK(Operation::list(place.site(), &unreadable).size() == 2);
  CHECK(unreadable == std::vector<std::filesystem::path>{broken});
  CHECK(Operation::find(place.site(), first)->kind() == "backup");
  CHECK_FALSE(Operation::find(place.site(), "../../site_config").has_value());
  CHECK_FALSE(Operation::find(place.site(), "20990101-000000-migrate-ffff").has_value());
}

TEST_CASE("an operation is interrupted when it runs and nobody holds the lock") {
  const SqliteSite place;
  const Operation operation = Operation::begin(place.site(), "migrate");
  CHECK(interrupted_operations(place.site(), Lock::not_held).size() == 1);
  const FileLock lock = lock_site(place.site(), std::chrono::milliseconds(0));
  CHECK(interrupted_operations(place.site(), Lock::not_held).empty());
  CHECK(interrupted_operations(place.site(), Lock::held).size() == 1);
}

TEST_CASE("a site that is held is busy, and the holder is named") {
  const SqliteSite place;
  const FileLock lock = lock_site(place.site(), std::chrono::milliseconds(0));
  const Operation operation = Operation::begin(place.site(), "migrate");
  try {
    lock_site(place.site(), std::chrono::milliseconds(20));
    FAIL("it was locked twice");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::busy);
    CHECK_THAT(error.what(), Catch::Contains(operation.id()) && Catch::Contains(std::to_string(getpid())));
  }
}

TEST_CASE("an operation's folder goes when nothing is in it, and stays with what is") {
  const SqliteSite place;
  Operation empty = Operation::begin(place.site(), "migrate");
  CHECK(std::filesystem::is_directory(empty.folder()));
  empty.finish(OperationState::done);
  CHECK_FALSE(std::filesystem::exists(empty.folder_path()));
  Operation full = Operation::begin(place.site(), "migrate");
  const auto kept = full.folder() / "set-manifest.json";
  write_all(open_file(kept, O_WRONLY | O_CREAT).get(), "{}", kept);
  full.finish(OperationState::undone);
  CHECK(std::filesystem::exists(kept));
}
