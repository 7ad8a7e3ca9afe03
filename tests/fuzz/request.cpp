#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "fuzz/property.hpp"
#include "web/http/content_coding.hpp"
#include "web/http/failure.hpp"
#include "web/http/url.hpp"
#include "web/resource/list_query.hpp"
#include "web/session.hpp"
#include "web/website/page_source.hpp"

using namespace bench;
using bench::test::require;

namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void check_target(std::string_view text) {
  const auto target = parse_target(text);
  if (!target) return;
  require(target->path.starts_with('/'), "a path is absolute");
  require(!has(target->path, "//") && !has(target->path + "/", "/../") && !has(target->path + "/", "/./"),
          "a path is plain");
  require(target->path.find('\0') == std::string::npos && target->path.find('\n') == std::string::npos,
          "a path has no control characters");
  const auto encoded = parse_target("/" + percent_encoded(target->path));
  require(encoded && encoded->segments == std::vector{target->path}, "what was encoded can be read");
}

// Whatever is asked for, only names of columns, marks and operators become SQL.
void check_list_query(std::string_view text) {
  static const Doctype doctype{.name = "Book",
                               .table = "tabBook",
                               .columns = {Column{.name = "name"}, Column{.name = "title"}},
                               .key = "name"};
  try {
    const ListQuery query = parse_list_query(doctype, Dialect::sqlite, parse_form(text));
    for (const Condition& condition : query.conditions) {
      require(condition.sql.starts_with("\"name\" ") || condition.sql.starts_with("\"title\" ") ||
                  condition.sql.starts_with("1 = "),
              "a condition begins with a column");
      require(!has(condition.sql, "'") && !has(condition.sql, ";") && !has(condition.sql, "--"),
              "a condition holds no text of the request");
    }
    for (const auto& [column, descending] : query.order)
      require(doctype.find(column) != nullptr, "the order is by columns");
  } catch (const HttpFailure& failure) {
    require(failure.status() == 417, "what cannot be understood is refused");
  }
}

void check_page(std::string_view text) {
  for (const Dialect dialect : {Dialect::mariadb, Dialect::postgres, Dialect::sqlite}) try {
      for (const PageQuery& query : parse_page(text, "page.html", dialect).queries) {
        std::size_t marks = 0;
        for (const char c : query.sql) marks += c == '?' ? 1 : 0;
        require(marks >= query.parameters.size(), "each parameter has its mark");
      }
    } catch (const Error& error) {
      require(error.kind() == Kind::configuration, "what a page must not say is a configuration error");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_target(text);
  check_list_query(text);
  check_page(text);
  require(!SessionSigner("a key").verify(cookie(text, "sid"), Clock::now()), "nobody can make up a session");
  HttpRequest request{.method = "GET"};
  request.headers.add("Accept-Encoding", std::string(text));
  request.headers.add("If-None-Match", std::string(text));
  const HttpResponse response = with_validators(text_response(200, "text/html", "a page"), request, "live");
  require(response.status == 200 || has(text, "\"") || has(text, "*"),
          "only a tag tells that the client has it");
  return 0;
}
