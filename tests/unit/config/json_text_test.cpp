#include "config/json_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "support/errors.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

JsonText read(const std::string& text) {
  return JsonText::parse(text, "/s/site_config.json");
}

std::string after_set(const std::string& text, std::string_view name, std::string_view value) {
  JsonText json = read(text);
  json.set(name, value);
  return json.text();
}

std::string after_remove(const std::string& text, std::string_view name) {
  JsonText json = read(text);
  json.remove(name);
  return json.text();
}

/// Edits at random, and a plain list of members that says what must be in the text afterwards.
class RandomEdits {
 public:
  explicit RandomEdits(unsigned seed) : m_random(seed) {}

  std::size_t below(std::size_t limit) { return m_random() % limit; }
  std::string space() {
    static const std::vector<std::string> spaces = {"", " ", "\n", "\r\n\t", "  \n "};
    return spaces[below(spaces.size())];
  }
  std::string name() {
    static const std::vector<std::string> names = {"a", "b", "\xc3\xa9", "x\"}{,:", "\n", ""};
    return names[below(names.size())];
  }
  std::string value() {
    static const std::vector<std::string> values = {
        "1.10", "12345678901234567890123", "\"\\u00e9}\"", "{}", "[ ]",
        "null", "{\"a\" : [1,{\"b\":2}]}", "\"\\\\\""};
    return values[below(values.size())];
  }
  std::string object() {
    std::string text = space() + "{" + space();
    std::set<std::string> used;
    for (std::size_t count = below(5); count > 0; --count) {
      const std::string key = name();
      if (!used.insert(key).second) continue;
      if (used.size() > 1) text += "," + space();
      text += nlohmann::json(key).dump() + space() + ":" + space() + value() + space();
    }
    return text + "}" + space();
  }

 private:
  std::mt19937 m_random;
};

std::vector<std::pair<std::string, std::string>> members_of(const JsonText& json) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& name : json.names()) result.emplace_back(name, *json.value(name));
  return result;
}

}  // namespace

TEST_CASE("edits at random do what a list of members does, and leave valid JSON") {
  RandomEdits random(GENERATE(range(1U, 60U)));
  JsonText json = read(random.object());
  for (int edit = 0; edit < 40; ++edit) {
    auto expected = members_of(json);
    const std::string before = json.text();
    const std::string name = random.name();
    const std::string value = random.value();
    const auto member = std::find_if(expected.begin(), expected.end(),
                                     [&](const auto& candidate) { return candidate.first == name; });
    CAPTURE(before, name, value);
    if (random.below(3) == 0) {
      json.remove(name);
      if (member != expected.end()) expected.erase(member);
    } else if (member == expected.end()) {
      json.set(name, value);
      expected.emplace_back(name, value);
      JsonText undone = read(json.text());
      undone.remove(name);
      REQUIRE(undone.text() == before);
    } else {
      json.set(name, value);
      member->second = value;
    }
    REQUIRE(members_of(json) == expected);
    REQUIRE(members_of(read(json.text())) == expected);
  }
}

TEST_CASE("members are found by their unescaped names, in their order") {
  const JsonText json = read(R"({"b": 1, "\u0061": {"b": 2, "c": 3}, "x\"y": [1, {"b": 4}], "": null})");
  CHECK(json.names() == std::vector<std::string>{"b", "a", "x\"y", ""});
  CHECK(json.value("b") == "1");
  CHECK(json.value("a") == R"({"b": 2, "c": 3})");
  CHECK(json.value("x\"y") == R"([1, {"b": 4}])");
  CHECK(json.value("") == "null");
  CHECK(json.value("c") == std::nullopt);
  CHECK(json.value("\\u0061") == std::nullopt);
}

TEST_CASE("a set leaves every other byte alone") {
  const std::string before =
      "{\r\n\t\"big\" : 12345678901234567890123,\r\n  \"price\": 1.10 , \"e\":\"\\u00e9\",\r\n"
      "\"nested\": { \"key\": 1,\t\"key\": 2 },\n\n \"k\\u0065y\": \"old\" , \"z\": -0.0e+0}\r\n \t";
  const std::string head = before.substr(0, before.find("\"old\""));
  const std::string tail = before.substr(before.find(" , \"z\""));
  CHECK(after_set(before, "key", "[1.10, 2]") == head + "[1.10, 2]" + tail);
}

TEST_CASE("a value that says the same changes nothing") {
  const std::string before = "{\"a\": \"\\u00e9\", \"b\": [1,2], \"c\": 1.10}";
  CHECK(after_set(before, "a", "\"\xc3\xa9\"") == before);
  CHECK(after_set(before, "b", "[1, 2]") == before);
  CHECK(after_set(before, "c", "1.10") == before);
  CHECK(after_set(before, "c", "1.1") == "{\"a\": \"\\u00e9\", \"b\": [1,2], \"c\": 1.1}");
}

TEST_CASE("a new member is appended in the manner of its neighbours") {
  CHECK(after_set("{}", "k", "1") == "{\n \"k\": 1\n}");
  CHECK(after_set("{\n \"a\": 1\n}\n", "k", "2") == "{\n \"a\": 1,\n \"k\": 2\n}\n");
  CHECK(after_set("{\n    \"a\": 1\n}", "k", "2") == "{\n    \"a\": 1,\n    \"k\": 2\n}");
  CHECK(after_set("{\r\n\t\"a\": 1\r\n}\r\n", "k", "2") == "{\r\n\t\"a\": 1,\r\n\t\"k\": 2\r\n}\r\n");
  CHECK(after_set("{\"a\":1,\"b\":2}", "k", "3") == "{\"a\":1,\"b\":2,\"k\":3}");
  CHECK(after_set("{\"a\": 1, \"b\": 2}", "k", "3") == "{\"a\": 1, \"b\": 2, \"k\": 3}");
  CHECK(after_set("{\"a\": 1}", "k", "3") == "{\"a\": 1, \"k\": 3}");
  CHECK(after_set("{\"a\":1}", "k", "3") == "{\"a\":1,\"k\":3}");
  CHECK(after_set("{\"a\":\n 1\n}", "k", "3") == "{\"a\":\n 1, \"k\": 3\n}");
  CHECK(after_set("{}", "caf\xc3\xa9 \"", "1") == "{\n \"caf\\u00e9 \\\"\": 1\n}");
}

TEST_CASE("a member that was appended and then removed leaves the old bytes") {
  const std::string before =
      GENERATE("{}", "{}\n", "{}\r\n", " { } ", "{\n}", "{\n\n}\n", "{\r\n}\r\n", "{\t}", "{\"a\": 1}",
               "{ \"a\" : 1 }", "{\"a\":1,\"b\":2}", "{\n \"a\": 1\n}\n",
               "{\r\n\t\"a\": 1,\r\n\t\"b\": {}\r\n}", "{\"a\"\n:\n1}", "{\n\"a\": 1 ,\n\n\"b\": [ ]\n\n}",
               "{\n \"a\": 1,    \"b\": 12345678901234567890123\n}");
  const std::string value = GENERATE("1", "\"x, }\"", "{\"k\": [1,\r\n 2]}");
  CAPTURE(before, value);
  const std::string with = after_set(before, "k", value);
  CHECK(with != before);
  CHECK(read(with).value("k") == value);
  CHECK(after_remove(with, "k") == before);
}

TEST_CASE("a removed member takes one comma with it") {
  const std::string before = "{\n \"a\": 1.10,\n \"b\": {\"a\": 2},\n \"c\": 3\n}\n";
  CHECK(after_remove(before, "a") == "{\n \"b\": {\"a\": 2},\n \"c\": 3\n}\n");
  CHECK(after_remove(before, "b") == "{\n \"a\": 1.10,\n \"c\": 3\n}\n");
  CHECK(after_remove(before, "c") == "{\n \"a\": 1.10,\n \"b\": {\"a\": 2}\n}\n");
  CHECK(after_remove(before, "d") == before);
  CHECK(after_remove("{\n \"a\": 1\n}\n", "a") == "{}\n");
  CHECK(after_remove("{ \"a\" : 1 }", "a") == "{ }");
}

TEST_CASE("edits follow one another") {
  JsonText json = JsonText::empty();
  json.set("a", "1");
  json.set("b", " [2] ");
  json.set("a", "\"longer than before\"");
  json.set("c", "3");
  json.remove("b");
  CHECK(json.text() == "{\n \"a\": \"longer than before\",\n \"c\": 3\n}");
  json.remove("a");
  json.remove("c");
  CHECK(json.text() == "{}");
}

TEST_CASE("what is not one JSON object is refused with its place") {
  CHECK(message_of([] { read("{\n \"a\": NaN\n}"); }) ==
        "/s/site_config.json:2:7: not valid JSON: NaN is not a JSON value");
  CHECK(message_of([] { read(""); }) ==
        "/s/site_config.json:1:1: not valid JSON: unexpected end of input; expected '[', '{', or a literal");
  CHECK(message_of([] { read("\n [1]"); }) == "/s/site_config.json:2:2: not a JSON object");
  CHECK(message_of([] { read("\"text\""); }) == "/s/site_config.json:1:1: not a JSON object");
  CHECK(error_of([] { read("{"); })->kind() == Kind::configuration);
}

TEST_CASE("a name that appears twice is refused, also when it is written differently") {
  const auto error = error_of([] { read("{\"a\": 1,\n \"\\u0061\": 2}"); });
  REQUIRE(error);
  CHECK(std::string(error->what()) == "/s/site_config.json:2:2: the key 'a' appears twice");
  CHECK(error->kind() == Kind::configuration);
}

TEST_CASE("a new value that is not JSON never enters the text") {
  JsonText json = read("{\"a\": 1}");
  for (const char* value : {"", "x", "1, \"b\": 2", "{", "NaN"}) {
    CAPTURE(value);
    CHECK(error_of([&] { json.set("a", value); }));
    CHECK(error_of([&] { json.set("new", value); }));
  }
  CHECK(json.text() == "{\"a\": 1}");
}
