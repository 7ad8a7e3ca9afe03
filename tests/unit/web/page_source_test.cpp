#include "web/website/page_source.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

using namespace bench;

namespace {

std::string query(const std::string& sql, Dialect dialect = Dialect::postgres) {
  const PageSource page =
      parse_page("---\nqueries:\n  rows: |\n    " + sql + "\n---\n", "page.html", dialect);
  std::string told = page.queries.at(0).sql;
  for (const std::string& parameter : page.queries.at(0).parameters) told += " <" + parameter + ">";
  return told;
}

std::string refusal(const std::string& text) {
  try {
    parse_page(text, "page.html", Dialect::sqlite);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a page's front matter is taken off, and its lines still count") {
  const PageSource page = parse_page("---\ntitle: Books\nlogin_required: true\n---\n<h1>{{ title }}</h1>\n",
                                     "page.html", Dialect::sqlite);
  CHECK(page.title == "Books");
  CHECK(page.login_required);
  CHECK(page.text == "{#\n\n\n\n#}<h1>{{ title }}</h1>\n");
  for (const char* text :
       {"---\r\nlogin_required: true\r\n---\r\nx", "\xEF\xBB\xBF---\nlogin_required: true\n---\nx",
        "\n \n---\nlogin_required: true\n---\nx", "--- \nlogin_required: true\n---\t\nx",
        "---\nlogin_required: true\n---"})
    CHECK(parse_page(text, "page.html", Dialect::sqlite).login_required);
  for (const char* text :
       {"---\nlogin_required: true\nsecret", "---\nlogin_required: true\n---secret", "----\nx\n---\n", "---"})
    CHECK(refusal(text).starts_with("page.html:1:1: "));
  CHECK(parse_page("<p>---\n", "page.html", Dialect::sqlite).text == "<p>---\n");
  CHECK(parse_page("---\n---\ntext", "page.html", Dialect::sqlite).text == "{#\n\n#}text");
}

TEST_CASE("a page's query gets its parameters bound and its names quoted") {
  CHECK(query("SELECT a FROM `tabBook` WHERE b = :b AND c = :b") ==
        "SELECT a FROM \"tabBook\" WHERE b = ? AND c = ?\n <b> <b>");
  CHECK(query("SELECT ':no', a::text, \"x:y\" FROM t") == "SELECT ':no', a::text, \"x:y\" FROM t\n");
  CHECK(query("WITH x AS (SELECT 1) SELECT * FROM x", Dialect::mariadb) ==
        "WITH x AS (SELECT 1) SELECT * FROM x\n");
}

TEST_CASE("what stands in a comment of a page's query is no parameter") {
  CHECK(query("SELECT a /* :b; ? */ FROM t -- WHERE a = :c") ==
        "SELECT a /* :b; ? */ FROM t -- WHERE a = :c\n");
  CHECK(query("SELECT 5--:a") == "SELECT 5--:a\n");
  CHECK(query("SELECT 5--:a # :b", Dialect::mariadb) == "SELECT 5--? # :b\n <a>");
  CHECK(query("SELECT 5 -- :a", Dialect::mariadb) == "SELECT 5 -- :a\n");
  CHECK(query("SELECT 1 /*/ ; :a */") == "SELECT 1 /*/ ; :a */\n");
  CHECK(query("SELECT 1 /* a /* b */ :c */") == "SELECT 1 /* a /* b */ :c */\n");
  CHECK(query("SELECT 1 /* a /* b */ + :c", Dialect::mariadb) == "SELECT 1 /* a /* b */ + ?\n <c>");
  CHECK(query("SELECT 1 /*! + :a */", Dialect::mariadb) == "SELECT 1 /*! + ? */\n <a>");
  CHECK(query("SELECT a #> :b FROM t") == "SELECT a #> ? FROM t\n <b>");
  CHECK(refusal("---\nqueries:\n  rows: SELECT 1 /* open\n---\n").find("page.html:3:") == 0);
}

TEST_CASE("a page's query has a name that its template can use") {
  for (const char* name : {"a-b", "1st", "user", "title", "form_dict", "loop"})
    CHECK(refusal(std::string("---\nqueries:\n  ") + name + ": SELECT 1\n---\n").find("page.html:3:") == 0);
  CHECK(refusal("---\nqueries:\n  users_2: SELECT 1\n---\n") == "accepted");
}

TEST_CASE("a page's query that is more than one SELECT is refused") {
  for (const char* sql :
       {"DELETE FROM t", "SELECT 1; DROP TABLE t", "UPDATE t SET a = 1", "SELECT ?", "SELECT 'open"})
    CHECK(refusal("---\nqueries:\n  rows: " + std::string(sql) + "\n---\n").find("page.html:3:") == 0);
  CHECK(refusal("---\ntitel: x\n---\n") == "page.html:2:1: there is no key 'titel' in a page's front matter");
}
