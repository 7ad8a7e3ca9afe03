#include "base/suggestion.hpp"

#include <catch2/catch.hpp>

using namespace bench;

TEST_CASE("the nearest word is the one that was meant") {
  const std::vector<std::string> commands{"migrate", "backup", "restore", "set-config", "show-config", "use"};
  CHECK(nearest("migarte", commands) == "migrate");  // two neighbours swapped
  CHECK(nearest("bakcup", commands) == "backup");
  CHECK(nearest("setconfig", commands) == "set-config");  // one is missing
  CHECK(nearest("restoree", commands) == "restore");      // one is too many
  CHECK(nearest("usw", commands) == "use");               // short words allow one edit
  CHECK(nearest("shw-cnfg", commands) == std::nullopt);  // three edits are more than a third of eight letters
  CHECK(nearest("us", commands) == "use");
}

TEST_CASE("what is not near is not suggested") {
  const std::vector<std::string> commands{"migrate", "use"};
  CHECK(nearest("dump", commands) == std::nullopt);
  CHECK(nearest("u", {}) == std::nullopt);
  CHECK(nearest("abcdefghijkl", {"abcdefgh1234"}) == std::nullopt);  // four edits are always too many
  CHECK(nearest("abcdefghijkl", {"abcdefghi123"}) == "abcdefghi123");
  CHECK(nearest(std::string(100'000, 'm'), commands) == std::nullopt);
}

TEST_CASE("of two that are equally near the first is suggested, of two others the nearer") {
  CHECK(nearest("cat", {"car", "cap"}) == "car");
  CHECK(nearest("backups", {"backpus-x", "backup"}) == "backup");
}

TEST_CASE("the suggestion as a question") {
  CHECK(did_you_mean("migarte", {"migrate"}) == "did you mean 'migrate'?");
  CHECK(did_you_mean("zzz", {"migrate"}).empty());
}
