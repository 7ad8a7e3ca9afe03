#include "database/dialect.hpp"

namespace bench {

std::string_view name(Dialect dialect) {
  switch (dialect) {
    case Dialect::mariadb:
      return "mariadb";
    case Dialect::postgres:
      return "postgres";
    case Dialect::sqlite:
      return "sqlite";
  }
  return "";
}

std::string quote_identifier(Dialect dialect, std::string_view identifier) {
  const char quote = dialect == Dialect::mariadb ? '`' : '"';
  std::string quoted(1, quote);
  for (const char c : identifier) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

std::string as_text(Dialect dialect, std::string_view expression) {
  return std::string(expression) + (dialect == Dialect::postgres ? "::text" : "");
}

}  // namespace bench
