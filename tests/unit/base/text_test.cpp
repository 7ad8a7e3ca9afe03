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

TEST_CASE("text is cut where a character begins") {
  const std::string text = "a\xE2\x82\xAC\xF0\x9F\x98\x80";
  CHECK(character_begin(text, 0) == 0);
  for (const std::size_t inside : {1, 2, 3}) CHECK(character_begin(text, inside) == 1);
  for (const std::size_t inside : {4, 5, 6, 7}) CHECK(character_begin(text, inside) == 4);
  CHECK(character_begin(text, text.size()) == text.size());
  CHECK(character_begin("\x80\x80\x80\x80\x80", 4) == 4);
  CHECK(character_begin("\x80", 0) == 0);
  CHECK(character_begin("", 0) == 0);
}

TEST_CASE("a word of a command line is quoted where a shell would read it otherwise") {
  CHECK(shell_word("demo.patches.v1.x-1") == "demo.patches.v1.x-1");
  CHECK(shell_word("demo.patches.x #2024-01-31") == "'demo.patches.x #2024-01-31'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("a list is taken apart from its front") {
  std::string_view text = "a;;b";
  CHECK(take_until(text, ';') == "a");
  CHECK(take_until(text, ';').empty());
  CHECK(take_until(text, ';') == "b");
  CHECK(text.empty());
  CHECK(take_until(text, ';').empty());
}
