#include "web/template/literal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>

#include "web/template/text.hpp"

namespace bench {

namespace {

/// The letters that stand for one character each.
char character_of_escape(char letter) {
  constexpr std::string_view letters = "abfnrtv\\'\"";
  constexpr std::string_view characters = "\a\b\f\n\r\t\v\\'\"";
  const std::size_t found = letters.find(letter);
  return found == std::string_view::npos ? '\0' : characters[found];
}

class StringReader {
 public:
  StringReader(const TemplateSource& source, const TemplateToken& token)
      : m_source(source), m_at(token.at + 1), m_text(token.text.substr(1, token.text.size() - 2)) {}
  std::string read();

 private:
  void read_escape();
  void read_code(std::size_t digits);
  void read_octal();
  [[noreturn]] void fail(std::size_t at) const {
    m_source.fail(m_at + static_cast<std::uint32_t>(at), "the escape is no character",
                  "write a backslash twice where it stands for itself");
  }

  const TemplateSource& m_source;
  std::uint32_t m_at;
  std::string_view m_text;
  std::size_t m_next = 0;
  std::string m_result;
};

std::string StringReader::read() {
  while (m_next < m_text.size()) {
    if (m_text[m_next] == '\\')
      read_escape();
    else
      m_result += m_text[m_next++];
  }
  return std::move(m_result);
}

void StringReader::read_escape() {
  const char letter = m_text[m_next + 1];
  if (const char character = character_of_escape(letter); character != '\0') {
    m_result += character;
    m_next += 2;
  } else if (letter == '\n') {
    m_next += 2;
  } else if (letter == 'x') {
    read_code(2);
  } else if (letter == 'u') {
    read_code(4);
  } else if (letter == 'U') {
    read_code(8);
  } else if (letter >= '0' && letter <= '7') {
    read_octal();
  } else {
    m_result += '\\';
    ++m_next;
  }
}

void StringReader::read_code(std::size_t digits) {
  const std::string_view code = m_text.substr(m_next + 2, digits);
  std::uint32_t character = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), character, 16);
  const bool is_character = character < 0x110000 && (character < 0xD800 || character >= 0xE000);
  if (code.size() != digits || error != std::errc() || end != code.data() + digits || !is_character)
    fail(m_next);
  append_character(m_result, character);
  m_next += 2 + digits;
}

void StringReader::read_octal() {
  std::uint32_t character = 0;
  std::size_t digits = 0;
  for (; digits < 3; ++digits) {
    const char digit = m_next + 1 + digits < m_text.size() ? m_text[m_next + 1 + digits] : ' ';
    if (digit < '0' || digit > '7') break;
    character = character * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  append_character(m_result, character);
  m_next += 1 + digits;
}

}  // namespace

std::string string_literal(const TemplateSource& source, const TemplateToken& token) {
  return StringReader(source, token).read();
}

TemplateValue number_literal(const TemplateSource& source, const TemplateToken& token) {
  std::string digits;
  for (const char digit : token.text)
    if (digit != '_') digits += digit;
  if (token.type == TemplateToken::Type::number) return std::strtod(digits.c_str(), nullptr);
  const char letter = digits.size() > 1 ? static_cast<char>(digits[1] | 0x20) : '0';
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
  const char* begin = digits.data() + (base == 10 ? 0 : 2);
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(begin, digits.data() + digits.size(), integer, base);
  if (error != std::errc()) source.fail(token.at, "the number is too large", "stay within 64 bits");
  return integer;
}

}  // namespace bench
