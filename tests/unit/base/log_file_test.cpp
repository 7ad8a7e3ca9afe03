#include "base/log_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>
#include <string>

#include "support/temporary_folder.hpp"

using namespace bench;

TEST_CASE("a log appends timed lines and creates its folders") {
  const test::TemporaryFolder folder;
  const auto path = folder / "logs/site/bench.log";
  { LogFile(path).line("INFO", "first"); }
  LogFile log(path);
  REQUIRE(log.is_open());
  log.line("ERROR", "second\nthird");

  const std::string time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
  const std::regex expected(time + " INFO first\n" + time + " ERROR second\n    third\n");
  CHECK(std::regex_match(read_file(path), expected));

  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0027) == 0);
}

TEST_CASE("a log that cannot be opened or written fails nothing") {
  const test::TemporaryFolder folder;
  LogFile folder_instead(folder.path());
  CHECK_FALSE(folder_instead.is_open());
  folder_instead.line("INFO", "lost");
  LogFile().line("INFO", "lost");

  LogFile full("/dev/full");
  REQUIRE(full.is_open());
  full.line("INFO", "lost");
}

TEST_CASE("a log does not follow a link") {
  const test::TemporaryFolder folder;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "bench.log");
  LogFile log(folder / "bench.log");
  CHECK_FALSE(log.is_open());
  CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
}
