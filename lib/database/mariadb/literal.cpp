#include "database/mariadb/literal.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "database/dialect.hpp"
#include "database/lexer.hpp"

namespace bench {

namespace {

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "X'";
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    text += digits[number >> 4U];
    text += digits[number & 15U];
  }
  return text + "'";
}

std::size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text[at]));
    if (length == 0 || at + length > text.size()) return false;
    for (std::size_t next = at + 1; next < at + length; ++next)
      if ((static_cast<unsigned char>(text[next]) & 0xC0U) != 0x80) return false;
    at += length;
  }
  return true;
}

std::string number_text(double number) {
  if (!std::isfinite(number)) throw Error(Kind::statement, "MariaDB cannot hold infinity or not-a-number");
  // With a point it is a decimal number to MariaDB: of the fewest digits, or it would not be what was meant.
  std::string text = fmt::format("{}", number);
  return text.find_first_of(".e") == std::string::npos ? text + "e0" : text;
}

struct Literal {
  std::string operator()(std::monostate) const { return "NULL"; }
  std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
  std::string operator()(double number) const { return number_text(number); }
  std::string operator()(const std::string& text) const { return mariadb_text(text); }
};

}  // namespace

std::string mariadb_text(std::string_view text) {
  if (!is_utf8(text)) return hexadecimal(text);
  // Whether a backslash escapes is the session's choice; hexadecimal digits are the same in both.
  if (text.find('\\') != std::string_view::npos) return "_utf8mb4 " + hexadecimal(text);
  std::string literal = "'";
  for (const char character : text) literal.append(character == '\'' ? 2 : 1, character);
  return literal + "'";
}

std::string mariadb_name(std::string_view name) {
  return quote_identifier(Dialect::mariadb, name);
}

std::string bind_mariadb(std::string_view statement, std::span<const Value> parameters) {
  if (parameters.empty()) return std::string(statement);
  SqlLexer lexer(Dialect::mariadb);
  std::string bound;
  std::size_t copied = 0, used = 0;
  while (true) {
    const Token token = lexer.next(statement, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::end || token.kind == TokenKind::unclosed) break;
    if (token.kind != TokenKind::symbol || statement[token.begin] != '?') continue;
    if (used < parameters.size()) {
      bound += statement.substr(copied, token.begin - copied);
      bound += std::visit(Literal{}, parameters[used]);
      copied = token.end;
    }
    ++used;
  }
  if (used != parameters.size())
    throw Error(Kind::statement, fmt::format("the statement has {} parameters and {} values were given", used,
                                             parameters.size()))
        .with_statement("07001", std::string(statement));
  return bound.append(statement.substr(copied));
}

}  // namespace bench
