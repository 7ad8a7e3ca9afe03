#include "database/postgres/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "database/lexer.hpp"

namespace bench {

std::string numbered_parameters(std::string_view statement) {
  SqlLexer lexer(Dialect::postgres);
  std::string numbered;
  int number = 0;
  for (;;) {
    const Token token = lexer.next(statement, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    const std::string_view text = statement.substr(token.begin, token.end - token.begin);
    if (token.kind == TokenKind::symbol && text == "?")
      numbered += fmt::format("${}", ++number);
    else
      numbered += text;
    if (token.kind == TokenKind::end || token.kind == TokenKind::unclosed) return numbered;
  }
}

std::string quote_name(std::string_view name) {
  return quote_identifier(Dialect::postgres, name);
}

std::string quote_name(std::string_view schema, std::string_view name) {
  return quote_name(schema) + "." + quote_name(name);
}

std::string quote_text(std::string_view text) {
  std::string quoted;
  bool has_backslash = false;
  for (const char character : text) {
    if (character == '\'' || character == '\\') quoted += character;
    has_backslash = has_backslash || character == '\\';
    quoted += character;
  }
  return (has_backslash ? " E'" : "'") + quoted + "'";
}

std::vector<std::string> first_column(const std::vector<Row>& rows) {
  std::vector<std::string> texts;
  for (const Row& row : rows) texts.push_back(to_text(row[0]));
  return texts;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t enough = 5;
  const auto count = std::min(names.size(), enough);
  return fmt::format("{}{}",
                     fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "),
                     names.size() > count ? fmt::format(" and {} more", names.size() - count) : "");
}

std::string within_identifier_limit(const std::string& name) {
  constexpr std::size_t limit = 63;
  constexpr std::size_t hash_size = 12;
  if (name.size() <= limit) return name;
  const std::size_t kept = character_begin(name, limit - hash_size - 1);
  return name.substr(0, kept) + "_" + sha256(name).substr(0, hash_size);
}

std::string owner_role(std::string_view database) {
  return within_identifier_limit(std::string(database) + "_owner");
}

std::string from_bytea(std::string_view hex) {
  const auto digit = [](char character) {
    return character <= '9' ? character - '0' : (character | 0x20) - 'a' + 10;
  };
  std::string bytes;
  if (!hex.starts_with("\\x")) return std::string(hex);
  for (std::size_t at = 2; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(digit(hex[at]) * 16 + digit(hex[at + 1]));
  return bytes;
}

}  // namespace bench
