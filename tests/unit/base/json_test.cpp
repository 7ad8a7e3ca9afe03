#include "base/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

TEST_CASE("a text as JSON is the same text when it is read back") {
  for (const std::string text :
       {"", "plain words", "\"quoted\"", "a\\b", "line\nend\t\r", "Ünïcödé ❤", "</script>", "\x7f"}) {
    std::string json = "[";
    bench::append_json_text(json, text);
    CHECK(nlohmann::json::parse(json + "]").at(0) == text);
  }
  const std::string with_zero("a\0b", 3);
  std::string json;
  bench::append_json_text(json, with_zero);
  CHECK(nlohmann::json::parse(json) == with_zero);
}

TEST_CASE("bytes that are no UTF-8 are replaced") {
  std::string json;
  bench::append_json_text(json, "a\xff");
  CHECK(nlohmann::json::parse(json) == "a\uFFFD");
}
