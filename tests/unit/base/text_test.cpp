#include "base/text.hpp"

#include <catch2/catch.hpp>

using namespace bench;

TEST_CASE("letters are made small, and nothing else changes") {
  CHECK(lower_case("Ab-Z9 \xC3\x84") == "ab-z9 \xC3\x84");
}

TEST_CASE("blanks are taken off both ends") {
  CHECK(trimmed(" \ta b\t ", " \t") == "a b");
  CHECK(trimmed("\ta ", " ") == "\ta");
  CHECK(trimmed(" \t ", " \t").empty());
  CHECK(trimmed("", " ").empty());
}

TEST_CASE("a list is taken apart from its front") {
  std::string_view text = "a;;b";
  CHECK(take_until(text, ';') == "a");
  CHECK(take_until(text, ';').empty());
  CHECK(take_until(text, ';') == "b");
  CHECK(text.empty());
  CHECK(take_until(text, ';').empty());
}
