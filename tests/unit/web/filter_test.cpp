#include <catch2/catch.hpp>
#include <string>

#include "rendered.hpp"

using namespace bench;
using test::rendered;

namespace {

const TemplateDict context{
    {"text", "a <b> & 'c'"},
    {"html", TemplateValue::safe("<p>x</p>")},
    {"empty", ""},
    {"words", TemplateList{"pear", "Apple", "fig"}},
    {"rows", TemplateList{TemplateDict{{"n", 2}, {"s", "<b>"}}, TemplateDict{{"n", 1}, {"s", "a"}}}},
    {"script", "</script><!-- & ' \xE2\x80\xA8 \xF0\x9F\x98\x80 \xFF"},
};

std::string filtered(const std::string& expression) {
  return rendered("{{ " + expression + " }}", context);
}

}  // namespace

TEST_CASE("filters of text") {
  CHECK(filtered("text|upper") == "A &lt;B&gt; &amp; &#39;C&#39;");
  CHECK(filtered("'ŻÓŁW Ä'|lower") == "żółw ä");
  CHECK(filtered("'the quick-brown (fox)'|title") == "The Quick-Brown (Fox)");
  CHECK(filtered("'éLAN'|capitalize") == "Élan");
  CHECK(filtered("' x '|trim ~ 'xax'|trim('x')") == "xa");
  CHECK(filtered("'aaa'|replace('a', '<', 2)") == "&lt;&lt;a");
  CHECK(filtered("html|replace('x', '<')") == "<p>&lt;</p>");
  CHECK(filtered("'foo bar baz qux'|truncate(9)") == "foo...");
  CHECK(filtered("'foo bar baz qux'|truncate(9, true)") == "foo ba...");
  CHECK(filtered("'foo bar baz qux'|truncate(11)") == "foo bar baz qux");
  CHECK(filtered("'żółwżółwżółw'|truncate(5, end='…', leeway=0)") == "żółw…");
  CHECK(filtered("'abcdefghijk'|truncate(2)") ==
        "page:1:4: 'truncate' must leave room for what it puts at the end");
  CHECK(filtered("'<p>Hi &amp; <b>you</b>\n\n there</p><!-- x -->'|striptags") == "Hi &amp; you there");
  CHECK(filtered("'a<\nb'|nl2br") == "a&lt;<br>\nb");
  CHECK(filtered("'a b/ż?&'|urlencode") == "a%20b/%C5%BC%3F%26");
  CHECK(filtered("{'a b': 'c/&', 'd': 1}|urlencode") == "a+b=c%2F%26&amp;d=1");
  CHECK(filtered("'żółw'|length") == "4");
}

TEST_CASE("filters of safety") {
  CHECK(filtered("text|safe") == "a <b> & 'c'");
  CHECK(filtered("text|e|e") == "a &lt;b&gt; &amp; &#39;c&#39;");
  CHECK(filtered("html|e") == "<p>x</p>");
  CHECK(filtered("html|upper") == "<P>X</P>");
}

TEST_CASE("JSON in a page neither ends a script nor an attribute") {
  CHECK(filtered("script|tojson") ==
        R"("\u003c/script\u003e\u003c!-- \u0026 \u0027 \u2028 \ud83d\ude00 \ufffd")");
  CHECK(filtered("{'b': [1, 2.0, none, true], 'a': {}}|tojson") == R"({"a": {}, "b": [1, 2.0, null, true]})");
  CHECK(filtered("{'a': [1]}|tojson(2)") == "{\n  \"a\": [\n    1\n  ]\n}");
  CHECK(filtered("missing|tojson") == "page:1:4: an undefined value cannot be written as JSON");
}

TEST_CASE("filters of lists") {
  CHECK(filtered("words|join(', ')") == "pear, Apple, fig");
  CHECK(filtered("rows|join('|', attribute='s')") == "&lt;b&gt;|a");
  CHECK(filtered("words|sort") == "[&#39;Apple&#39;, &#39;fig&#39;, &#39;pear&#39;]");
  CHECK(filtered("words|sort(case_sensitive=true, reverse=true)|first") == "pear");
  CHECK(filtered("rows|sort(attribute='n')|join(attribute='n')") == "12");
  CHECK(filtered("rows|sum(attribute='n')") == "3");
  CHECK(filtered("words|reverse|last ~ words|first ~ []|first") == "pearpear");
  CHECK(filtered("[1, 'a']|sort") == "page:1:4: text and an integer cannot be compared");
  CHECK(filtered("5|join") == "page:1:4: an integer has no items to go over");
}

TEST_CASE("filters of numbers") {
  CHECK(filtered("'42'|int + ' 3.9 '|int + 'x'|int(7)") == "52");
  CHECK(filtered("'1e3'|float ~ ' ' ~ 'x'|float") == "1000.0 0.0");
  CHECK(filtered("2.5|round ~ ' ' ~ 2.675|round(2) ~ ' ' ~ 42.51|round(1, 'ceil') ~ ' ' ~ 1250|round(-2)") ==
        "2.0 2.67 42.6 1200");
  CHECK(filtered("-5|abs") == "5");
  CHECK(filtered("missing|int") == "page:1:4: an undefined value is no number");
  CHECK(filtered("1.5|round(9223372036854775807)") == "1.5");
  CHECK(filtered("1.5|round(-9223372036854775807)") == "0.0");
}

TEST_CASE("default stands in for what is missing") {
  CHECK(filtered("missing|default('<')") == "&lt;");
  CHECK(filtered("empty|default('x') ~ empty|d('y', true)") == "y");
  CHECK(filtered("none|default('x')") == "None");
}
