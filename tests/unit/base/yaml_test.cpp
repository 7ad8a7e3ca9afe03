#include "base/yaml.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/error.hpp"

using namespace bench;

namespace {

template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::configuration);
    return error.what();
  }
  return "no error";
}

std::string parse_error(std::string_view text) {
  return message_of([&] { YamlNode::parse(text, "app.yaml"); });
}

}  // namespace

TEST_CASE("a mapping keeps its order, and every node knows where it is") {
  const YamlNode root =
      YamlNode::parse("name: demo\npatches:\n  format: flyway\nhooks: [a, \"b c\"]\n", "app.yaml");
  const auto& entries = root.mapping();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].first.scalar() == "name");
  CHECK(entries[0].second.scalar() == "demo");
  CHECK(entries[0].second.line() == 1);
  CHECK(entries[0].second.column() == 7);
  CHECK(entries[1].first.scalar() == "patches");
  CHECK(entries[1].first.line() == 2);
  CHECK(entries[1].second.mapping().at(0).first.line() == 3);
  CHECK(entries[1].second.mapping().at(0).first.column() == 3);
  const auto& hooks = entries[2].second.sequence();
  REQUIRE(hooks.size() == 2);
  CHECK(hooks[1].scalar() == "b c");
  CHECK(hooks[1].line() == 4);
  CHECK(hooks[1].column() == 12);
}

TEST_CASE("a block sequence, a block text and nothing") {
  const YamlNode root =
      YamlNode::parse("list:\n- one\n- two\ntext: |\n  a\n  b\nempty:\ntilde: ~\n", "app.yaml");
  const auto& entries = root.mapping();
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].second.sequence().at(1).scalar() == "two");
  CHECK(entries[1].second.scalar() == "a\nb\n");
  CHECK(entries[2].second.type() == YamlNode::Type::null);
  CHECK(entries[3].second.type() == YamlNode::Type::null);
}

TEST_CASE("a last line break, Windows line ends, a byte order mark and an explicit end change nothing") {
  for (const char* text : {"a: b\nc: |\n  d\n", "a: b\r\nc: |\r\n  d\r\n",
                           "\xef\xbb\xbf"
                           "a: b\nc: |\n  d\n",
                           "---\na: b\nc: |\n  d\n...\n", "a: b\nc: |\n  d"}) {
    INFO(text);
    const YamlNode root = YamlNode::parse(text, "app.yaml");
    REQUIRE(root.mapping().size() == 2);
    CHECK(root.mapping()[0].second.scalar() == "b");
    CHECK(root.mapping()[1].second.scalar() == "d\n");
  }
}

TEST_CASE("empty text is a null node") {
  for (const char* text : {"", "\n", "# a comment\n", "---\n"}) {
    const YamlNode root = YamlNode::parse(text, "app.yaml");
    CHECK(root.type() == YamlNode::Type::null);
    CHECK_THAT(message_of([&] { root.mapping(); }), Catch::EndsWith(": expected a mapping, found nothing"));
  }
}

TEST_CASE("booleans are what YAML 1.2 calls so") {
  const YamlNode root = YamlNode::parse("[true, FALSE, yes, \"true\"]", "app.yaml");
  const auto& nodes = root.sequence();
  CHECK(nodes[0].boolean());
  CHECK_FALSE(nodes[1].boolean());
  CHECK(message_of([&] { nodes[2].boolean(); }) == "app.yaml:1:15: expected true or false, found 'yes'");
  CHECK(message_of([&] { nodes[3].boolean(); }) == "app.yaml:1:20: expected true or false, found 'true'");
}

TEST_CASE("a node of another type is an error that says where and what") {
  const YamlNode root = YamlNode::parse("name: [a]\ntitle: {a: b}\nversion: 1\n", "apps/demo/app.yaml");
  const auto& entries = root.mapping();
  CHECK(message_of([&] { entries[0].second.scalar(); }) ==
        "apps/demo/app.yaml:1:7: expected a single value, found a list");
  CHECK(message_of([&] { entries[1].second.sequence(); }) ==
        "apps/demo/app.yaml:2:8: expected a list, found a mapping");
  CHECK(message_of([&] { entries[2].second.mapping(); }) ==
        "apps/demo/app.yaml:3:10: expected a mapping, found a single value");
}

TEST_CASE("text that is not YAML is refused with file, line and column") {
  CHECK_THAT(parse_error("name: demo\nhooks: [a, b\n"), Catch::StartsWith("app.yaml:3:1: not valid YAML: "));
  CHECK_THAT(parse_error("name: a: b\n"), Catch::StartsWith("app.yaml:1:8: not valid YAML: "));
  CHECK_THAT(parse_error("a: \"demo\nb: c\n"), Catch::StartsWith("app.yaml:3:1: not valid YAML: "));
  CHECK_THAT(parse_error("a: 'demo"), Catch::StartsWith("app.yaml:2:1: not valid YAML: "));
}

TEST_CASE("what would be read in another way than it is meant is refused") {
  CHECK(parse_error("name: a\ntitle: b\nname: c\n") ==
        "app.yaml:3:1: key 'name' is here a second time, after line 1");
  CHECK(parse_error("a: &x 1\nb: *x\n") == "app.yaml:2:4: aliases are not supported");
  CHECK(parse_error("&x [*x]\n") == "app.yaml:1:5: aliases are not supported");
  CHECK(parse_error("[a]: b\n") == "app.yaml:1:1: a key must be a single value");
  CHECK(parse_error("a: 1\n---\nb: 2\n") == "app.yaml:3:1: a second document is not supported");
}

TEST_CASE("nesting without end is an error, not a crash") {
  CHECK_THAT(parse_error(std::string(100'000, '[')),
             Catch::StartsWith("app.yaml:") && Catch::Contains("not valid YAML"));
}

TEST_CASE("whoever reads a node can point at it") {
  const YamlNode root = YamlNode::parse("\n  colour: red\n", "app.yaml");
  const YamlNode& key = root.mapping().at(0).first;
  try {
    key.fail("unknown key 'colour'", "did you mean 'color'?");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "app.yaml:2:3: unknown key 'colour'");
    CHECK(error.hint() == "did you mean 'color'?");
  }
}
