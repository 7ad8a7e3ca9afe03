#include "config/literal.hpp"

#include <catch2/catch.hpp>

#include "support/errors.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

TEST_CASE("JSON stays as it stands") {
  const std::string text = GENERATE("12345678901234567890123", "1.10", R"("\u00e9\/")", R"({"a":[1,  2.0]})",
                                    "null", "true", "-0");
  CHECK(json_of_literal(text) == text);
  CHECK(json_of_literal("  " + text + "\n") == text);
}

TEST_CASE("Python literals become JSON") {
  CHECK(json_of_literal("True") == "true");
  CHECK(json_of_literal("False") == "false");
  CHECK(json_of_literal("None") == "null");
  CHECK(json_of_literal("'it\\'s \"x\"'") == R"("it's \"x\"")");
  CHECK(json_of_literal("\"it\\'s\"") == R"("it's")");
  CHECK(json_of_literal("[1, 2.50, 'a', None,]") == R"([1, 2.50, "a", null])");
  CHECK(json_of_literal("{'a': {'b': [True, 12345678901234567890123]}, \"c\": '',}") ==
        R"({"a": {"b": [true, 12345678901234567890123]}, "c": ""})");
  CHECK(json_of_literal("['']") == R"([""])");
  CHECK(json_of_literal("('a', ('b',), ())") == R"(["a", ["b"], []])");
  CHECK(json_of_literal("('a')") == R"("a")");
  CHECK(json_of_literal("(1,2)") == "[1, 2]");
  CHECK(json_of_literal("{'a': (True, None)}") == R"({"a": [true, null]})");
  CHECK(json_of_literal("[0x1F, 0o17, 0b11, 1_000]") == "[31, 15, 3, 1000]");
  for (const char* no_number : {"0x", "0xg", "1__0", "_1", "1_", "0b2"})
    CHECK(message_of([no_number] { json_of_literal(no_number); }) ==
          "not a JSON or Python value: at character 1, a value is expected");
  CHECK(json_of_literal("[ ]") == "[ ]");
  CHECK(json_of_literal("{'a' : [ ] , }") == R"({"a": []})");
}

TEST_CASE("Python escapes mean what they mean") {
  CHECK(json_of_literal(R"('\x41\u00e9\U0001f600\ud83d\ude00\t\\')") ==
        R"("A\u00e9\ud83d\ude00\ud83d\ude00\t\\")");
  CHECK(json_of_literal("'\xc3\xa9'") == R"("\u00e9")");
}

TEST_CASE("what is no literal is refused at its character") {
  CHECK(message_of([] { json_of_literal("hello"); }) ==
        "not a JSON or Python value: at character 1, a value is expected");
  CHECK(message_of([] { json_of_literal("['a' 'b']"); }) ==
        "not a JSON or Python value: at character 6, a ',' or ']' is missing");
  CHECK(message_of([] { json_of_literal("(1, 2"); }) ==
        "not a JSON or Python value: at character 6, a ',' or ')' is missing");
  CHECK(message_of([] { json_of_literal("{1: 2}"); }) ==
        "not a JSON or Python value: at character 2, a key must be text in quotes");
  CHECK(message_of([] { json_of_literal("'open"); }) ==
        "not a JSON or Python value: at character 6, the closing quote is missing");
  CHECK(message_of([] { json_of_literal("'a' b"); }) ==
        "not a JSON or Python value: at character 5, the value ends here");
}

TEST_CASE("bad literals are usage errors, and none of them gets through") {
  const std::string text =
      GENERATE("", " ", "[", "{", "'", "\\", "'\\", "'\\x'", "'\\u12'", "'\\ud800'", "'\\ud800\\u0041'",
               "'\\q'", "'\\U00110000'", "(1, 2", "(,)", "{'a'}", "{'a': }", "[,]", "[1,,2]", "{,}", "NaN",
               "1_", "0x1g", "b'a'", "{'a': 1 'b': 2}", "'a\nb'", "'\xff'", "1e999");
  CAPTURE(text);
  const auto error = error_of([&] { json_of_literal(text); });
  REQUIRE(error);
  CHECK(error->kind() == Kind::usage);
}

TEST_CASE("nesting has a limit") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "True" + std::string(depth, ']');
  };
  CHECK(json_of_literal(nested(100)).size() == 204);
  CHECK(error_of([&] { json_of_literal(nested(100000)); })->kind() == Kind::usage);
}
