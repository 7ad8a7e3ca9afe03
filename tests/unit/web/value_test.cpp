#include "web/template/value.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <utility>

#include "support/errors.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"

using namespace bench;
using Type = TemplateValue::Type;

TEST_CASE("a value knows its type") {
  CHECK(TemplateValue().is(Type::undefined));
  CHECK(TemplateValue(nullptr).is(Type::none));
  CHECK(TemplateValue(true).is(Type::boolean));
  CHECK(TemplateValue(7U).integer() == 7);
  CHECK(TemplateValue(0).is(Type::integer));
  CHECK(TemplateValue(2.5).number() == 2.5);
  CHECK(TemplateValue("text").text() == "text");
  CHECK_FALSE(TemplateValue("text").is_safe());
  CHECK(TemplateValue::safe("<b>").is(Type::text));
  CHECK(TemplateValue::safe("<b>").is_safe());
  CHECK(TemplateValue(TemplateList{1, "two"}).list().size() == 2);
  CHECK(TemplateValue(TemplateDict{{"a", 1}}).dict().find("a")->integer() == 1);
}

TEST_CASE("a dict keeps the order of its keys, also of many") {
  TemplateDict dict;
  for (int key = 0; key < 1000; ++key) dict.set(fmt::format("key {}", key), key);
  for (int key = 0; key < 1000; key += 7) dict.set(fmt::format("key {}", key), -key);
  CHECK(dict.size() == 1000);
  int expected = 0;
  for (const auto& [key, value] : dict) {
    CHECK(key.text() == fmt::format("key {}", expected));
    CHECK(value.integer() == (expected % 7 == 0 ? -expected : expected));
    CHECK(dict.find(fmt::format("key {}", expected)) == &value);
    ++expected;
  }
  CHECK(dict.find("key 1000") == nullptr);
  CHECK(dict.find_key(TemplateValue(5)) == nullptr);
}

TEST_CASE("dicts that share their values change each by itself") {
  TemplateDict first{{"a", 1}, {"b", 2}};
  const TemplateDict second = first;
  const TemplateValue third = first;
  first.set("b", 5);
  first.set("c", 6);
  CHECK(first.size() == 3);
  CHECK(first.find("a")->integer() == 1);
  CHECK(first.find("b")->integer() == 5);
  CHECK(first.find("c")->integer() == 6);
  for (const TemplateDict* dict : {&second, &third.dict()}) {
    CHECK(dict->size() == 2);
    CHECK(dict->find("b")->integer() == 2);
    CHECK(dict->find("c") == nullptr);
  }
  TemplateDict moved = std::move(first);
  first = {};
  first.set("d", 7);
  CHECK(first.size() == 1);
  CHECK(moved.find("d") == nullptr);
}

TEST_CASE("the rows of a table are dicts of its keys") {
  std::vector<TemplateValue> values;
  for (int row = 0; row < 300; ++row) {
    values.emplace_back(fmt::format("book {}", row));
    values.emplace_back(row);
  }
  TemplateList list = template_rows({"name", "pages"}, std::move(values));
  CHECK(list.size() == 300);
  CHECK(list[0].dict().find("name")->text() == "book 0");
  CHECK(list[299].depth() == 1);

  TemplateDict changed = list[299].dict();
  list.pop_back();
  changed.set("pages", TemplateList{1});
  changed.set("price", 2.5);
  CHECK(printed(changed) == "{'name': 'book 299', 'pages': [1], 'price': 2.5}");
  CHECK(changed.depth() == 2);
  CHECK(printed(list.back()) == "{'name': 'book 298', 'pages': 298}");

  // The last dict of a table has it alone, with all its rows.
  TemplateDict last = template_rows({"a"}, {1, 2}).back().dict();
  last.set("a", 3);
  CHECK(printed(last) == "{'a': 3}");

  CHECK(template_rows({"a"}, {TemplateList{1}}).front().depth() == 2);
  CHECK(template_rows({"a"}, {}).empty());
  CHECK(template_rows({}, {}).empty());
  CHECK_THROWS(template_rows({"a", "a"}, {1, 2}));
  CHECK_THROWS(template_rows({"a", "b"}, {1}));
}

TEST_CASE("equal numbers are one key") {
  TemplateDict dict{{1, "int"}, {"1", "text"}, {nullptr, "none"}, {0.5, "half"}};
  CHECK(dict.find_key(TemplateValue(true))->text() == "int");
  CHECK(dict.find_key(TemplateValue(1.0))->text() == "int");
  CHECK(dict.find("1")->text() == "text");
  CHECK(dict.find_key(TemplateValue(nullptr))->text() == "none");
  CHECK(dict.find_key(TemplateValue(0.5))->text() == "half");
  CHECK(dict.find_key(TemplateValue()) == nullptr);
  dict.set(true, "changed");
  CHECK(dict.size() == 4);
  CHECK(dict.find_key(TemplateValue(1))->text() == "changed");
  CHECK(test::message_of([&] { dict.set(TemplateList{}, 1); }) == "a list cannot be the key of a dict");
}

TEST_CASE("how deep values lie in one another is bounded") {
  TemplateValue value = 1;
  for (int level = 0; level < 200; ++level) value = TemplateList{value};
  CHECK(value.depth() == 200);
  CHECK(test::message_of([&] { value = TemplateList{value}; }) ==
        "lists and dicts lie too deep in one another");
  CHECK(test::message_of([&] {
          value = TemplateDict{{"a", value}};
        }) == "lists and dicts lie too deep in one another");
}

TEST_CASE("numbers are printed as Python prints them") {
  CHECK(printed(1.0) == "1.0");
  CHECK(printed(-0.0) == "-0.0");
  CHECK(printed(0.1 + 0.2) == "0.30000000000000004");
  CHECK(printed(1e16) == "1e+16");
  CHECK(printed(1e15) == "1000000000000000.0");
  CHECK(printed(0.0001) == "0.0001");
  CHECK(printed(0.00001) == "1e-05");
  CHECK(printed(std::numeric_limits<double>::infinity()) == "inf");
}

TEST_CASE("integers and numbers are compared exactly") {
  const TemplateValue odd = 9007199254740993;
  CHECK_FALSE(is_equal(odd, 9007199254740992.0));
  CHECK(is_less(9007199254740992.0, odd));
  CHECK(is_less(odd, 1e300));
  CHECK(is_less(-1e300, odd));
  CHECK(is_less(1, 1.5));
  CHECK(is_less(-1.5, -1));
  CHECK_FALSE(is_equal(1, "1"));
}

TEST_CASE("what is no UTF-8 stays as it is") {
  const std::string text = "a\xFF\xC3z\xE2\x82";
  CHECK(count_characters(text) == 6);
  CHECK(in_case(text, LetterCase::upper) == "A\xFF\xC3Z\xE2\x82");
  CHECK(characters(text, 1, 3) == "\xFF\xC3");
  CHECK(characters(text, 4, 100) == "\xE2\x82");
  CHECK(characters(text, 6, 7).empty());
  CHECK(without_trailing_space("x \xC2\xA0\n") == "x");
  CHECK(without_trailing_space("x\xA0") == "x\xA0");
}

TEST_CASE("what is printed is escaped unless it is safe") {
  std::string out;
  append_escaped(out, TemplateValue("<a href='x'>&\"</a>"));
  CHECK(out == "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;");
  out.clear();
  append_escaped(out, TemplateValue::safe("<br>"));
  append_escaped(out,
                 TemplateValue(TemplateList{"<", TemplateValue::safe("<"), TemplateDict{{"k'", nullptr}}}));
  CHECK(out == "<br>[&#39;&lt;&#39;, Markup(&#39;&lt;&#39;), {&#34;k&#39;&#34;: None}]");
}
