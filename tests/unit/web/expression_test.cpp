#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "rendered.hpp"

using namespace bench;
using test::rendered;

namespace {

std::string repeated(const std::string& text, int times) {
  std::string result;
  while (times-- > 0) result += text;
  return result;
}

/// Answers the name that it is asked for.
class Echo : public TemplateObject {
 public:
  TemplateValue attribute(std::string_view name) const override {
    if (name == "missing") return {};
    if (name == "list") return TemplateList{"<", 2};
    if (name == "call")
      return TemplateFunction([](const TemplateArguments& arguments) {
        return static_cast<std::int64_t>(arguments.positional.size() + 10 * arguments.named.size());
      });
    return std::string(name);
  }
};

}  // namespace

TEST_CASE("expressions come to what they come to in Python") {
  CHECK(rendered("{{ 1 + 2 * 3 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 // -2.0 }} {{ 2 ~ 3 * 4 }}") ==
        "7 3.5 -4 2 -4.0 212");
  CHECK(rendered("{{ 1 < 2 < 3 }} {{ 3 > 2 == 2 }} {{ not 1 in [2] }} {{ 'b' not in 'abc' }}") ==
        "True True True False");
  CHECK(rendered("{{ 0 or '' or 'x' }} {{ 1 and 0 }} {{ 'a' if 0 else 'b' if 0 else 'c' }}{{ 'a' if 0 }}") ==
        "x 0 c");
  CHECK(
      rendered("{{ [1, 2, 3][-1] }} {{ [1, 2, 3][::-1] }} {{ 'żółw'[1:3] }} {{ {'a': {1: 'x'}}.a[true] }}") ==
      "3 [3, 2, 1] ół x");
  CHECK(rendered("{{ rows.0.name }}{{ rows[0]['name'] }}{{ rows.0.tags.1 }}",
                 {{"rows", TemplateList{TemplateDict{{"name", "n"}, {"tags", TemplateList{1, 2}}}}}}) ==
        "nn2");
  CHECK(
      rendered(
          "{{ 9223372036854775807 }} {{ 0xFF }} {{ 1_000.5 }} {{ 'a' \"b\" }} {{ '\\u00e9\\x41\\n\\q' }}") ==
      "9223372036854775807 255 1000.5 ab éA\n\\q");
}

TEST_CASE("integers do not overflow unseen") {
  CHECK(rendered("{{ 9223372036854775807 + 1 }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ (-9223372036854775807 - 1) // -1 }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ (-9223372036854775807 - 1) % -1 }}") == "0");
  CHECK(rendered("{{ -(-9223372036854775807 - 1) }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ 9223372036854775808 }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ 1e300|int }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ 1 // 0 }}") == "page:1:4: a number cannot be divided by zero");
  CHECK(rendered(
            "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 * 3 ** 2 }} {{ 2 ** -1 }} {{ 9 ** 0.5 }} {{ (-2) ** 3 }} "
            "{{ 0 ** 0 }}") == "64 4 18 0.5 3.0 -8 1");
  CHECK(rendered("{{ 2 ** 62 }} {{ (-2) ** 63 }} {{ 1 ** 9223372036854775807 }}") ==
        "4611686018427387904 -9223372036854775808 1");
  CHECK(rendered("{{ 2 ** 63 }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ 10.0 ** 400 }}") == "page:1:4: the number is too large");
  CHECK(rendered("{{ 0 ** -1 }}") == "page:1:4: zero has no negative power");
  CHECK(rendered("{{ 'a' ** 2 }}") == "page:1:4: text and an integer cannot be raised to a power");
  CHECK(rendered("{{ [1, 2][-9223372036854775807:9223372036854775807:9223372036854775807] }}") == "[1]");
  CHECK(rendered("{{ [1, 2][::-9223372036854775807] }}{{ [1, 2][::(-9223372036854775807 - 1)] }}") ==
        "[2][2]");
}

TEST_CASE("an undefined value is printed as nothing, and has nothing") {
  CHECK(rendered("[{{ x }}{{ d.x }}{{ x ~ 1 }}{{ x|length }}{{ x is defined }}{{ d.x == x }}]",
                 {{"d", TemplateDict()}}) == "[10FalseTrue]");
  CHECK(rendered("a\n  {{ user.name }}") == "page:2:6: 'user' is undefined and has no 'name'");
  CHECK(rendered("{{ d.user['name'] }}", {{"d", TemplateDict()}}) ==
        "page:1:4: 'd.user' is undefined and has no items");
  CHECK(rendered("{{ x() }}") == "page:1:4: 'x' is undefined");
  CHECK(rendered("{{ x.y() }}") == "page:1:4: 'x' is undefined and has no 'y'");
  CHECK(rendered("{{ x + 1 }}") == "page:1:4: an undefined value and an integer cannot be added");
}

TEST_CASE("text that is joined with HTML is escaped") {
  const TemplateDict context{{"html", TemplateValue::safe("<b>")}, {"text", "<i>"}};
  CHECK(rendered("{{ html ~ text }}{{ text + html }}{{ html + text ~ 1 }}{{ html * 2 }}", context) ==
        "<b>&lt;i&gt;&lt;i&gt;<b><b>&lt;i&gt;1<b><b>");
  CHECK(rendered("{{ [html, text]|join(text) }}{{ html.join([text, text]) }}", context) ==
        "<b>&lt;i&gt;&lt;i&gt;&lt;i&gt;<b>&lt;i&gt;");
  CHECK(rendered("{% set x %}<p>{{ text }}</p>{% endset %}{{ x }}{{ x ~ text }}", context) ==
        "<p>&lt;i&gt;</p><p>&lt;i&gt;</p>&lt;i&gt;");
}

TEST_CASE("functions of the context are called, and their errors say where") {
  const TemplateDict context{
      {"_", TemplateFunction([](const TemplateArguments& arguments) { return arguments.get(0, "text"); })},
      {"fail", TemplateFunction([](const TemplateArguments&) -> TemplateValue {
         throw Error(Kind::database, "the database is gone", "start it");
       })},
      {"ui", TemplateDict{{"link", TemplateFunction([](const TemplateArguments& arguments) {
                             return TemplateValue::safe("<a>" + arguments.get(1, "label").text() + "</a>");
                           })}}}};
  CHECK(
      rendered("{{ _('Hello <b>') }}|{{ _(text='x')|upper }}|{{ ui.link(1, 'l') }}|{{ ui.link(label='n') }}",
               context) == "Hello &lt;b&gt;|X|<a>l</a>|<a>n</a>");
  test::Texts loader(test::Named{{"page", "\n {{ fail() }}"}});
  const auto error = test::error_of([&] { render(loader.load("page"), context, loader); });
  REQUIRE(error);
  CHECK(error->what() == std::string("page:2:5: the database is gone"));
  CHECK(error->kind() == Kind::database);
  CHECK(error->hint() == "start it");
  CHECK(rendered("{{ _ }}", context) == "page:1:1: a function cannot be printed");
  CHECK(rendered("{{ ui() }}", context) == "page:1:4: 'ui' is a dict and cannot be called");
  CHECK(rendered("{{ ui.x() }}", context) == "page:1:4: 'ui' is a dict and has no 'x'");
}

TEST_CASE("an object is asked for its attributes") {
  const TemplateDict context{{"o", std::make_shared<const Echo>()}};
  CHECK(rendered("{{ o.name }} {{ o['other'] }} {{ o.list[0] }} {{ o.missing }} {{ o.call(1, 2, a=3) }}",
                 context) == "name other &lt;  12");
  CHECK(rendered("{% for x in o.list %}{{ x }}{% endfor %}{{ o.list|length }}{{ o is defined }}", context) ==
        "&lt;22True");
  CHECK(rendered("{{ o.missing.x }}", context) == "page:1:4: 'o.missing' is undefined and has no 'x'");
  CHECK(rendered("{{ o }}", context) == "page:1:1: an object cannot be printed");
}

TEST_CASE("what is wrong in an expression is named with its place") {
  CHECK(rendered("a{{ }}") == "page:1:5: an expression is missing before '}}'");
  CHECK(rendered("ä\nö {{ 1 + }}") == "page:2:10: an expression is missing before '}}'");
  CHECK(rendered("{{ a b }}") == "page:1:6: '}}' is missing before 'b'");
  CHECK(rendered("{{ (1 }}") == "page:1:7: '}' stands where ')' is missing");
  CHECK(rendered("{{ 'x }}") == "page:1:4: the string is not closed");
  CHECK(rendered("{{ x") == "page:1:1: what begins here is not closed");
  CHECK(rendered("{{ 1 ? 2 }}") == "page:1:6: '?' cannot stand here");
  CHECK(rendered("{{ '\\ud800' }}") == "page:1:5: the escape is no character");
  CHECK(rendered("{{ x|uper }}") == "page:1:6: there is no filter 'uper'");
  CHECK(test::hint_of("{{ x|uper }}") == "did you mean 'upper'?");
  CHECK(rendered("{{ x is definde }}") == "page:1:9: there is no test 'definde'");
  CHECK(rendered("{{ x|replace('a') }}") == "page:1:6: 'replace' needs the argument 'new'");
  CHECK(rendered("{{ x|join(separator=1) }}") == "page:1:6: 'join' has no argument 'separator'");
  CHECK(rendered("{{ x|upper(1) }}") == "page:1:6: 'upper' takes at most 0 arguments, not 1");
  CHECK(rendered("{{ x|int(1, default=2) }}") == "page:1:6: 'int' is given 'default' twice");
  CHECK(rendered("{{ 'a' + 1 }}") == "page:1:4: text and an integer cannot be added");
  CHECK(test::hint_of("{{ 'a' + 1 }}") == "join them with ~");
  CHECK(rendered("{{ 'a' < 1 }}") == "page:1:4: text and an integer cannot be compared");
}

TEST_CASE("no template can use up the stack") {
  CHECK_THAT(rendered("{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}"),
             Catch::Contains("expressions lie more than 100 deep"));
  CHECK_THAT(rendered("{{ " + repeated("[", 5000)), Catch::Contains("what begins here is not closed"));
  CHECK_THAT(rendered("{{ " + repeated("not ", 5000) + "1 }}"), Catch::Contains("more than 100 deep"));
  CHECK_THAT(rendered("{{ " + repeated("- ", 5000) + "1 }}"), Catch::Contains("more than 100 deep"));
  CHECK_THAT(rendered("{{ " + repeated("1 if 1 else ", 5000) + "1 }}"),
             Catch::Contains("more than 100 deep"));
  CHECK_THAT(rendered("{{ x" + repeated("|upper", 5000) + " }}"),
             Catch::Contains("more than 200 steps in a row"));
  CHECK_THAT(rendered("{{ x" + repeated(".a", 5000) + " }}"),
             Catch::Contains("more than 200 steps in a row"));
  CHECK_THAT(rendered("{{ 1" + repeated(" + 1", 5000) + " }}"),
             Catch::Contains("more than 200 steps in a row"));
  CHECK_THAT(rendered("{% set a = [] %}" + repeated("{% set a = [a] %}", 500)),
             Catch::Contains("lists and dicts lie too deep in one another"));
  CHECK(rendered("{{ 1" + repeated(" ~ 1", 5000) + " }}").size() == 5001);
  CHECK(rendered("{{ " + repeated("(", 99) + "1" + repeated(")", 99) + " }}") == "1");
}

TEST_CASE("no template can use up the memory with one operator") {
  CHECK(rendered("{{ 'ab' * 9223372036854775807 }}") == "page:1:4: the text is too long");
  CHECK(rendered("{{ '' * 9223372036854775807 }}") == "");
  CHECK(rendered("{{ [1] * 9223372036854775807 }}") == "page:1:4: the list is too long");
  CHECK(rendered("{{ range(9223372036854775807) }}") == "page:1:4: 'range' answers at most 100000 numbers");
  CHECK(rendered("{{ range(9223372036854775806, 9223372036854775807, 5) }}") == "[9223372036854775806]");
}
