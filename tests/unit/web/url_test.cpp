#include "web/http/url.hpp"

#include <catch2/catch.hpp>

using namespace bench;

namespace {

std::string path_of(std::string_view target) {
  const auto parsed = parse_target(target);
  return parsed ? parsed->path : "refused";
}

}  // namespace

TEST_CASE("a target's path is decoded and made plain") {
  CHECK(path_of("/") == "/");
  CHECK(path_of("/a/b") == "/a/b");
  CHECK(path_of("/a//b/./c") == "/a/b/c");
  CHECK(path_of("/a/b/../c") == "/a/c");
  CHECK(path_of("/caf%C3%A9?x=1#y") == "/caf\xC3\xA9");
  CHECK(path_of("http://site.example/a") == "/a");
  CHECK(path_of("http://site.example") == "/");
  CHECK(path_of("/a+b") == "/a+b");
}

TEST_CASE("a target that leaves the root or is broken is refused") {
  for (const char* target : {"/..", "/a/../../b", "/%2e%2e/b", "/a/%2E%2e/%2e%2e/b", "/%", "/%4", "/%zz",
                             "/a%00b", "/a%0d%0ab", "/%2e/a", "a", "", "*", "ftp://x/y"})
    CHECK(path_of(target) == "refused");
}

TEST_CASE("a slash that was encoded is part of a name") {
  const auto target = parse_target("/api/resource/Author/a%2F..%2Fb/");
  REQUIRE(target);
  CHECK(target->segments == std::vector<std::string>{"api", "resource", "Author", "a/../b"});
  CHECK(target->path == "/api/resource/Author/a%2F..%2Fb");
}

TEST_CASE("a form's fields are decoded") {
  const HttpParameters form = parse_form("a=1&b=x+y%26z&empty=&flag&a=2&%41=%zz");
  CHECK(form.get("a") == "1");
  CHECK(form.get("b") == "x y&z");
  CHECK(form.find("empty") == "");
  CHECK(form.find("flag") == "");
  CHECK(form.get("A") == "%zz");
  CHECK_FALSE(form.find("c"));
  CHECK(parse_form("a=x%FFy%C3%A9").get("a") == "x\xEF\xBF\xBDy\xC3\xA9");
  CHECK(percent_encoded("a b/\xC3\xA9?") == "a%20b%2F%C3%A9%3F");
}

TEST_CASE("a header's value cannot begin another header") {
  HttpHeaders headers;
  headers.add("Location", "/a\r\nSet-Cookie: sid=stolen");
  CHECK(headers.get("location") == "/a  Set-Cookie: sid=stolen");
}
