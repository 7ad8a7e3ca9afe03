#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "rendered.hpp"

using namespace bench;
using test::rendered;

namespace {

const std::string base =
    "<{% block title %}base{% endblock %}>{% block body %}[{% block inner %}in{% endblock %}]{% endblock "
    "body %}{{ foot }}";

}  // namespace

TEST_CASE("a template fills the blocks of another") {
  CHECK(rendered({{"page", base}}) == "<base>[in]");
  CHECK(rendered({{"page", "{% extends 'base' %}"}, {"base", base}}) == "<base>[in]");
  CHECK(rendered({{"page", "{% extends 'base' %} x {{ y.z }}{% block inner %}mine{% endblock %}"},
                  {"base", base}}) == "<base>[mine]");
  CHECK(rendered({{"page", "{% extends 'mid' %}{% block title %}3{{ super() }}{% endblock %}"},
                  {"mid", "{% extends 'base' %}{% block title %}2{{ super()|upper }}{% endblock %}"},
                  {"base", base}}) == "<32BASE>[in]");
  CHECK(rendered({{"page", "{% extends 'mid' %}{% block title %}3{{ super() }}{% endblock %}"},
                  {"mid", "{% extends 'base' %}"},
                  {"base", base}}) == "<3base>[in]");
  CHECK(
      rendered({{"page",
                 "{% extends 'base' %}{% set foot = '<' %}{% for i in [1] %}{% set foot = i %}{% endfor %}"},
                {"base", base}}) == "<base>[in]&lt;");
}

TEST_CASE("what super() answers is HTML already") {
  CHECK(rendered({{"page", "{% extends 'b' %}{% block a %}{{ super() ~ '<' }}{% endblock %}"},
                  {"b", "{% block a %}<p>{{ '<' }}{% endblock %}"}}) == "<p>&lt;&lt;");
}

TEST_CASE("a block sees the variables of loops when it says so") {
  CHECK(rendered("{% for i in [1, 2] %}{% block a %}({{ i }}){% endblock %}{% endfor %}") == "()()");
  CHECK(rendered({{"page", "{% extends 'b' %}{% block a %}({{ i }}){% endblock %}"},
                  {"b", "{% for i in [1, 2] %}{% block a scoped %}{% endblock %}{% endfor %}"}}) == "(1)(2)");
  CHECK(rendered("{% set x = 1 %}{% block a %}{{ x }}{% set x = 2 %}{{ x }}{% endblock %}{{ x }}") == "121");
}

TEST_CASE("an included template sees what the place sees, and sets nothing there") {
  CHECK(rendered({{"page", "{% set x = 1 %}{% for i in 'ab' %}{% include 'part' %}{% endfor %}{{ x }}"},
                  {"part", "{{ i }}{{ x }}{% set x = 2 %}{{ x }} \n"}}) == "a12 b12 1");
  CHECK(rendered(
            {{"page", "{% set x = 1 %}{% include 'part' without context %}"}, {"part", "[{{ x }}{{ y }}]"}},
            {{"y", 1}}) == "[]");
  CHECK(rendered({{"page", "{% include ['none', 'part'] %}{% include 'none' ignore missing %}"},
                  {"part", "p"}}) == "p");
  CHECK(rendered({{"page", "{% block title %}mine{% endblock %}{% include 'child' %}"},
                  {"child", "{% extends 'base' %}{% block inner %}{{ super() }}ner{% endblock %}"},
                  {"base", base}}) == "mine<base>[inner]");
}

TEST_CASE("an include may go on until it ends by itself") {
  CHECK(rendered({{"page", "{% set n = 1 %}{% include 'count' %}"},
                  {"count", "{{ n }}{% if n < 20 %} {% set n = n + 1 %}{% include 'count' %}{% endif %}"}}) ==
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
}

TEST_CASE("templates that go round in circles are refused") {
  const std::string too_deep = "blocks, loops and includes lie more than 400 deep in one another";
  CHECK_THAT(rendered("{% include 'page' %}"), Catch::Contains("page:1:4: " + too_deep));
  CHECK_THAT(rendered({{"page", "{% include 'a' %}"}, {"a", "\n{% include 'page' %}"}}),
             Catch::Contains(too_deep));
  CHECK(rendered("{% extends 'page' %}") == "page:1:4: 'page' extends itself in the end");
  CHECK(rendered({{"page", "{% extends 'a' %}"}, {"a", "{% extends 'page' %}"}}) ==
        "a:1:4: 'page' extends itself in the end");
  CHECK_THAT(
      rendered(
          {{"page", "{% extends 'r' %}{% block b %}{% block a %}{{ super() }}{% endblock %}{% endblock %}"},
           {"r", "{% block a %}{% block b %}{% endblock %}{% endblock %}"}}),
      Catch::Contains(too_deep));
}

TEST_CASE("what is wrong with an inheritance is named with its file") {
  CHECK(rendered("{% extends 'none' %}") == "page:1:4: there is no template 'none'");
  CHECK(rendered("{% include 'none' %}") == "page:1:4: there is no template none");
  CHECK(rendered("{% include ['none', 'gone'] %}") == "page:1:4: there is no template ['none', 'gone']");
  CHECK(rendered("{% include 5 %}") == "page:1:4: the name of a template must be text, not an integer");
  CHECK(rendered("{% if 1 %}{% extends 'x' %}{% endif %}") ==
        "page:1:14: 'extends' stands within another tag");
  CHECK(rendered("{% block a %}{% endblock %}{% block a %}{% endblock %}") ==
        "page:1:37: the block 'a' is there already");
  CHECK(rendered("{{ super() }}") == "page:1:4: super() stands outside of a block");
  CHECK(rendered("{% block a %}{{ super() }}{% endblock %}") ==
        "page:1:17: no template that is extended has a block 'a'");
  CHECK(rendered({{"page", "{% extends 'base' %}{% block a %}{{ x.y }}{% endblock %}"},
                  {"base", "\n\n{% block a %}{% endblock %}"}}) ==
        "page:1:37: 'x' is undefined and has no 'y'");
  CHECK(rendered({{"page", "{% include 'part' %}"}, {"part", "\n{{ x.y }}"}}) ==
        "part:2:4: 'x' is undefined and has no 'y'");
  CHECK(rendered({{"page", "{% include 'part' %}"}, {"part", "{% if %}"}}) ==
        "page:1:4: part:1:7: an expression is missing before '%}'");
}
