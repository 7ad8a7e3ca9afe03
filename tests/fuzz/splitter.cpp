#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "support/pieces.hpp"

using namespace bench;
using namespace bench::test;

namespace {

void check_order(std::string_view text, const Outcome& outcome) {
  std::size_t at = 0;
  int line = 1;
  for (const Statement& statement : outcome.statements) {
    const std::size_t found = text.find(statement.text, at);
    require(found != std::string_view::npos, "each statement stands in the text, behind the one before");
    at = found + statement.text.size();
    require(statement.first_token < statement.text.size(), "a statement has a token");
    require(statement.line >= line, "lines go forward");
    line = statement.line;
  }
}

/// Where the text chooses no delimiter, a statement by itself is that one statement.
void check_alone(const Outcome& outcome, Dialect dialect) {
  for (const Statement& statement : outcome.statements) {
    if (statement.text.starts_with("\xEF\xBB\xBF")) continue;
    const Outcome alone = Outcome::of(statement.text, dialect, statement.text.size());
    require(alone.error.empty(), "a statement by itself is complete");
    require(alone.statements.size() == 1 && alone.statements[0].text == statement.text,
            "a statement by itself is one statement");
    require(alone.statements[0].keywords == statement.keywords, "its keywords are its own");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Dialect dialect : {Dialect::sqlite, Dialect::mariadb, Dialect::postgres}) {
    const Outcome whole = Outcome::of(text, dialect, size * 1000);
    require(whole == Outcome::of(text, dialect, 1), "single characters give the same statements");
    require(whole == Outcome::of(text, dialect, 9, data[size / 2]), "pieces give the same statements");
    check_order(text, whole);
    if (dialect != Dialect::mariadb) check_alone(whole, dialect);
  }
  return 0;
}
