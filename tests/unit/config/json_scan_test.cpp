#include "config/json_scan.hpp"

#include <catch2/catch.hpp>

#include "support/errors.hpp"

using namespace bench;
using bench::test::error_of;

namespace {

std::string fault_of(std::string_view text) {
  const auto fault = find_json_fault(text);
  return fault ? place_in("f", text, fault->offset) + " " + fault->reason : "none";
}

}  // namespace

TEST_CASE("valid JSON of every kind has no fault") {
  const std::string text =
      GENERATE("{}", "[]", "0", "-0.0e-10", "\"\"", " \t\r\n{ \"a\" : [1, 2, {\"b\": null}] } \n",
               R"("\u00e9\ud83d\ude00\/\b")", "12345678901234567890123", "\"\xc3\xa9\"", "true");
  CAPTURE(text);
  CHECK(fault_of(text) == "none");
}

TEST_CASE("a fault is told with line and column, in characters") {
  CHECK(fault_of("") == "f:1:1 unexpected end of input; expected '[', '{', or a literal");
  CHECK(fault_of("{\n \"a\": 1\n \"b\": 2\n}") == "f:3:2 unexpected string literal; expected '}'");
  CHECK(fault_of("{\n \"a\": 1,\n}") == "f:3:1 unexpected '}'; expected string literal");
  CHECK(fault_of("{\"\xc3\xa9\": x}") == "f:1:7 invalid literal");
  CHECK(fault_of("{\"a\": 1") == "f:1:8 unexpected end of input; expected '}'");
  CHECK(fault_of("{} {}") == "f:1:4 unexpected '{'; expected end of input");
  CHECK(fault_of("{\"a\": 01}") == "f:1:7 unexpected number literal; expected '}'");
}

TEST_CASE("what Python's json writes and JSON has not is called by its name") {
  CHECK(fault_of("{\"a\": NaN}") == "f:1:7 NaN is not a JSON value");
  CHECK(fault_of("{\"a\": -Infinity}") == "f:1:7 -Infinity is not a JSON value");
  CHECK(fault_of("{\"a\": [1, Infinity]}") == "f:1:11 Infinity is not a JSON value");
  CHECK(fault_of("{\"a\": True}") == "f:1:7 True is not a JSON value");
}

TEST_CASE("what the parser would let pass is refused: a byte order mark, NUL bytes") {
  CHECK(fault_of("\xef\xbb\xbf{}") == "f:1:1 a byte order mark");
  CHECK(fault_of(std::string_view("{}\n\0\0", 5)) == "f:2:1 a NUL byte");
  CHECK(fault_of(std::string_view("\0\0", 2)) == "f:1:1 a NUL byte");
}

TEST_CASE("a fault never quotes the text, which may be a secret") {
  CHECK(fault_of("{\"db_password\": \"hunter2\n\"}").find("hunter2") == std::string::npos);
  CHECK(fault_of("{\"db_password\": hunter2}").find("hunter2") == std::string::npos);
  CHECK(fault_of("{\"db_password\": \"hunter2").find("hunter2") == std::string::npos);
  CHECK(fault_of("{\"a\": \"x\nsecret\"}").substr(0, 6) == "f:1:9 ");
  CHECK(fault_of("{\"db_password\": \"hunter2 \xff\"}").find("hunter2") == std::string::npos);
}

TEST_CASE("deep nesting is refused and does not overflow the stack") {
  const std::size_t depth = 200000;
  std::string text(depth, '[');
  CHECK(fault_of(text) == "f:1:501 more than 500 levels");
  text.append(depth, ']');
  CHECK(fault_of(text) == "f:1:501 more than 500 levels");
  CHECK(fault_of(std::string(500, '[') + std::string(500, ']')) == "none");
  CHECK(json_value_end(text, 0) == text.size());
}

TEST_CASE("values end where they end, whatever their strings hold") {
  const std::string text = R"({"a": "}]\"{", "b": [{"c": "\\"}, 2]} , 7)";
  CHECK(text.substr(json_value_end(text, 0)) == " , 7");
  const auto list = text.find("[{");
  CHECK(text.substr(list, json_value_end(text, list) - list) == R"([{"c": "\\"}, 2])");
}

TEST_CASE("JSON says the same when only white space and escapes differ") {
  CHECK(same_json("{\"a\": [1, 2]}", " {\"\\u0061\":[1,2]}\n"));
  CHECK(same_json("\"\\u00e9\"", "\"\xc3\xa9\""));
  CHECK_FALSE(same_json("1.10", "1.1"));
  CHECK_FALSE(same_json("\"1\"", "1"));
  CHECK_FALSE(same_json("[1]", "[1, 2]"));
  CHECK_FALSE(same_json("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}"));
}

TEST_CASE("text becomes ASCII JSON and comes back") {
  const std::string text = "a\"\\\n\x01/\xc3\xa9\xf0\x9f\x98\x80";
  CHECK(json_string_of(text) == R"("a\"\\\n\u0001/\u00e9\ud83d\ude00")");
  CHECK(text_of_json_string(json_string_of(text)) == text);
  CHECK(error_of([] { json_string_of("\xff"); })->kind() == Kind::usage);
}
