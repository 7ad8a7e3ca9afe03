#include "base/version.hpp"

#include <catch2/catch.hpp>
#include <regex>
#include <string>

TEST_CASE("the version has three numbers") {
  const std::string version(bench::version());
  CHECK(std::regex_match(version, std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
}
