#include <catch2/catch.hpp>
#include <string>

#include "rendered.hpp"

using namespace bench;
using test::rendered;

namespace {

const TemplateDict context{{"words", TemplateList{"pear", "fig", "<"}},
                           {"d", TemplateDict{{"b", 1}, {"a", 2}}}};

}  // namespace

TEST_CASE("text stays as it is but for its last line feed") {
  CHECK(rendered("a\n") == "a");
  CHECK(rendered("a\n\n") == "a\n");
  CHECK(rendered("a\r\nb\rc\r\n") == "a\nb\nc");
  CHECK(rendered("{ { }} %} #} {") == "{ { }} %} #} {");
  CHECK(rendered("") == "");
}

TEST_CASE("white space goes where a tag says so") {
  CHECK(rendered("a \n {{- 1 -}} \n b {{ 2 }} c") == "a1b 2 c");
  CHECK(rendered("a \n{%- if 1 -%} b {%- endif %} c") == "ab c");
  CHECK(rendered("a {#- x -#} b {# y #} c") == "ab  c");
  CHECK(rendered("a {%- raw -%} {{ x }} {%- endraw -%} b") == "a{{ x }}b");
  CHECK(rendered("a {{+ 1 }}{%+ if 1 +%} b{% endif %}") == "a 1 b");
  CHECK(rendered("{{-1}}{{ 5 -1 }}") == "14");
}

TEST_CASE("brackets keep an end from ending") {
  CHECK(rendered("{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {}}}}") == "1{&#39;a&#39;: {}}");
  CHECK(rendered("{{ '}}' }}{% if '%}' %}x{% endif %}") == "}}x");
}

TEST_CASE("raw text is not read") {
  CHECK(rendered("{% raw %}{{ x }}{% if %}{# c{% endraw %}") == "{{ x }}{% if %}{# c");
  CHECK(rendered("a\n{% raw %}b") == "page:2:1: the raw text is not closed");
  CHECK(rendered("{% rawx %}") == "page:1:4: there is no tag 'rawx'");
}

TEST_CASE("if takes the first branch that holds") {
  const std::string text = "{% if x == 1 %}a{% elif x == 2 %}b{% elif x %}c{% else %}d{% endif %}";
  CHECK(rendered(text, {{"x", 1}}) == "a");
  CHECK(rendered(text, {{"x", 2}}) == "b");
  CHECK(rendered(text, {{"x", 3}}) == "c");
  CHECK(rendered(text) == "d");
}

TEST_CASE("for goes over lists, dicts, text and nothing") {
  CHECK(rendered(
            "{% for w in words %}{{ loop.index }}/{{ loop.length }}{{ w }}{% if not loop.last %}, {% endif %}"
            "{% endfor %}",
            context) == "1/3pear, 2/3fig, 3/3&lt;");
  CHECK(
      rendered("{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}{% for k, v in d|items %}{{ k }}{{ v }}"
               "{% endfor %}{% for k in d %}{{ k }}{% endfor %}",
               context) == "b1a2b1a2ba");
  CHECK(
      rendered("{% for c in 'aż' %}{{ c }}.{% endfor %}{% for x in missing %}x{% else %}none{% endfor %}") ==
      "a.ż.none");
  CHECK(rendered("{% for n in [1, 2, 3, 4] if n % 2 == 0 %}{{ loop.index }}{{ n }}{% else %}x{% endfor %}") ==
        "1224");
  CHECK(rendered("{% for x in 5 %}{% endfor %}") == "page:1:13: an integer has no items to go over");
  CHECK(rendered("{% for a, b in [[1]] %}{% endfor %}") == "page:1:4: 1 items cannot be given to 2 names");
}

TEST_CASE("loop says where it is") {
  CHECK(
      rendered("{% for w in words %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}"
               "{{ loop.previtem }}-{{ loop.nextitem }}{{ loop.cycle('o', 'e') }} {% endfor %}{{ loop }}",
               context) == "032True-figo 121Falsepear-&lt;e 210Falsefig-o ");
  CHECK(rendered(
            "{% for a in 'xy' %}{% set outer = loop %}{% for b in 'xy' %}{{ outer.index }}{{ loop.index }} "
            "{% endfor %}{% endfor %}") == "11 12 21 22 ");
  CHECK(rendered("{% for a in 'xy' %}{% set loop = 1 %}{% endfor %}") ==
        "page:1:27: 'loop' is what a loop is known by");
}

TEST_CASE("what a loop sets is gone in the next turn and after it") {
  CHECK(rendered("{% set x = 0 %}{% for a in [1, 2] %}{{ x }}{% set x = x + a %}{{ x }} {% endfor %}{{ x "
                 "}}{{ a }}") == "01 02 0");
  CHECK(rendered("{% if 1 %}{% set x = 5 %}{% endif %}{{ x }}") == "5");
  CHECK(rendered("{% set a, b = 1, 2 %}{% set a, b = b, a %}{{ a }}{{ b }}") == "21");
  CHECK(rendered("{% set x | upper | trim %} a{% set y = 1 %} {% endset %}[{{ x }}{{ y }}]") == "[A]");
}

TEST_CASE("what is wrong with a tag is named with its place") {
  CHECK(rendered("a\n  {% if x %}") == "page:2:6: 'if' is not closed");
  CHECK(test::hint_of("{% if x %}") == "close it with {% endif %}");
  CHECK(rendered("{% for x in y %}{% else %}") == "page:1:4: 'for' is not closed");
  CHECK(test::hint_of("{% block x %}") == "close it with {% endblock %}");
  CHECK(rendered("{% if x %}{% endfor %}") == "page:1:14: 'endfor' has no tag that it belongs to");
  CHECK(rendered("{% fro x in y %}") == "page:1:4: there is no tag 'fro'");
  CHECK(test::hint_of("{% fro x in y %}") == "did you mean 'for'?");
  CHECK(rendered("{% macro x() %}") == "page:1:4: there is no tag 'macro'");
  CHECK(rendered("{% if x") == "page:1:1: what begins here is not closed");
  CHECK(rendered("{% %}") == "page:1:4: the name of a tag is missing before '%}'");
  CHECK(rendered("{# x") == "page:1:1: the comment is not closed");
  CHECK(rendered("{% for x y %}") == "page:1:10: 'in' is missing before 'y'");
  CHECK(rendered("{% endif x %}") == "page:1:4: 'endif' has no tag that it belongs to");
  CHECK(rendered("{% if 1 %}{% endif x %}") == "page:1:20: '%}' is missing before 'x'");
}

TEST_CASE("tags lie in one another up to a bound") {
  std::string deep;
  for (int level = 0; level < 50; ++level) deep += "{% if 1 %}";
  std::string ends;
  for (int level = 0; level < 50; ++level) ends += "{% endif %}";
  CHECK(rendered(deep + "x" + ends) == "x");
  CHECK_THAT(rendered(deep + deep + ends + ends),
             Catch::Contains("tags lie more than 50 deep in one another"));
}
