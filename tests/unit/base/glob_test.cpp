#include "base/glob.hpp"

#include <catch2/catch.hpp>

using namespace bench;

TEST_CASE("shell patterns match whole names") {
  CHECK(matches_glob("*", "site.example.com"));
  CHECK(matches_glob("*.com", "site.example.com"));
  CHECK(matches_glob("site?", "site1"));
  CHECK(matches_glob("[a-c]x", "bx"));
  CHECK(matches_glob("plain", "plain"));
  CHECK_FALSE(matches_glob("site?", "site"));
  CHECK_FALSE(matches_glob("*.com", "site.example.org"));
  CHECK_FALSE(matches_glob("[a-c]x", "dx"));
  CHECK_FALSE(matches_glob("site", "site.example.com"));
}

TEST_CASE("what is a pattern and what is a name") {
  CHECK(is_glob("*.com"));
  CHECK(is_glob("site?"));
  CHECK(is_glob("[ab]"));
  CHECK_FALSE(is_glob("site.example.com"));
  CHECK_FALSE(is_glob(""));
}
