#include "config/literal.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "config/json_scan.hpp"

namespace bench {

namespace {

constexpr int deepest = 200;

std::optional<std::uint32_t> hex_number(std::string_view digits) {
  std::uint32_t result = 0;
  for (const char digit : digits) {
    const bool is_number = digit >= '0' && digit <= '9';
    const bool is_letter = (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
    if (!is_number && !is_letter) return std::nullopt;
    result = result * 16 + static_cast<std::uint32_t>(is_number ? digit - '0' : (digit | 0x20) - 'a' + 10);
  }
  return result;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto add = [&text](std::uint32_t byte) {
    text += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | (code >> 6));
    add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12));
    add(0x80U | ((code >> 6) & 0x3FU));
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | (code >> 18));
    add(0x80U | ((code >> 12) & 0x3FU));
    add(0x80U | ((code >> 6) & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
}

/// 0x1f, 0o17, 0b11, 1_000.
std::optional<std::string> python_integer(std::string_view word) {
  const std::string_view mark = word.substr(0, 2);
  const int base = mark == "0x" || mark == "0X"   ? 16
                   : mark == "0o" || mark == "0O" ? 8
                   : mark == "0b" || mark == "0B" ? 2
                                                  : 10;
  std::string digits(word.substr(base == 10 ? 0 : 2));
  const bool is_grouped = digits.find('_') != std::string::npos && !digits.starts_with('_') &&
                          !digits.ends_with('_') && digits.find("__") == std::string::npos;
  if (base == 10 && !is_grouped) return std::nullopt;
  std::erase(digits, '_');
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return std::to_string(number);
}

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : m_text(text) {}

  std::string read() {
    std::string result = value();
    skip_space();
    if (m_at < m_text.size()) fail("the value ends here");
    return result;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(Kind::usage, fmt::format("not a JSON or Python value: at character {}, {}", m_at + 1, what),
                "put text in quotes inside the argument, or leave out --parse");
  }

  void skip_space() { m_at = skip_json_space(m_text, m_at); }
  bool at_end() const { return m_at >= m_text.size(); }
  char peek() const { return at_end() ? '\0' : m_text[m_at]; }
  bool take(char expected) {
    skip_space();
    if (at_end() || peek() != expected) return false;
    ++m_at;
    return true;
  }

  std::string value() {
    if (++m_depth > deepest) fail("it is nested too deeply");
    skip_space();
    std::string result;
    switch (peek()) {
      case '{':
        result = dict();
        break;
      case '[':
        result = list(']');
        break;
      case '(':
        result = list(')');
        break;
      case '"':
      case '\'':
        result = json_string_of(string());
        break;
      default:
        result = word();
    }
    --m_depth;
    return result;
  }

  // Also a tuple; what stands alone in parentheses is none.
  std::string list(char end) {
    std::string elements;
    std::size_t count = 0;
    bool ends_in_comma = false;
    for (++m_at; !take(end); ++count) {
      if (count > 0) elements += ", ";
      elements += value();
      ends_in_comma = take(',');
      if (!ends_in_comma && peek() != end) fail(fmt::format("a ',' or '{}' is missing", end));
    }
    return end == ')' && count == 1 && !ends_in_comma ? elements : "[" + elements + "]";
  }

  std::string dict() {
    std::string result = "{";
    ++m_at;
    while (!take('}')) {
      if (result.size() > 1) result += ", ";
      if (peek() != '"' && peek() != '\'') fail("a key must be text in quotes");
      result += json_string_of(string());
      if (!take(':')) fail("a ':' is missing");
      result += ": " + value();
      if (!take(',') && peek() != '}') fail("a ',' or '}' is missing");
    }
    return result + "}";
  }

  std::string string() {
    const char quote = m_text[m_at++];
    std::string result;
    while (peek() != quote || at_end()) {
      if (at_end() || peek() == '\n') fail("the closing quote is missing");
      if (peek() == '\\') {
        escape(result);
      } else {
        result += m_text[m_at++];
      }
    }
    ++m_at;
    return result;
  }

  void escape(std::string& result) {
    constexpr std::string_view letters = "ntrbfav\\'\"/";
    constexpr std::string_view meanings = "\n\t\r\b\f\a\v\\'\"/";
    ++m_at;
    const char letter = peek();
    if (const auto index = letters.find(letter); index != std::string_view::npos) {
      result += meanings[index];
      ++m_at;
    } else if (letter == 'x' || letter == 'u' || letter == 'U') {
      append_utf8(result, code_point(letter));
    } else {
      fail("this escape is not known");
    }
  }

  std::uint32_t code_point(char letter) {
    const std::uint32_t first = code_unit(letter);
    const bool high = first >= 0xD800 && first < 0xDC00;
    if (high && m_text.substr(m_at, 2) == "\\u") {
      ++m_at;
      const std::uint32_t second = code_unit('u');
      if (second >= 0xDC00 && second < 0xE000) return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
      fail("half of a character is missing");
    }
    if ((first >= 0xD800 && first < 0xE000) || first > 0x10FFFF) fail("there is no such character");
    return first;
  }

  std::uint32_t code_unit(char letter) {
    const std::size_t count = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    const std::string_view digits = m_text.substr(m_at + 1, count);
    const auto number = hex_number(digits);
    if (digits.size() < count || !number) fail("this escape is not complete");
    m_at += 1 + count;
    return *number;
  }

  std::string word() {
    // JSON has no tuples, which end here.
    const std::size_t end = std::min(json_token_end(m_text, m_at), m_text.find(')', m_at));
    const std::string_view word = m_text.substr(m_at, end - m_at);
    std::string result(word);
    if (word == "True") result = "true";
    if (word == "False") result = "false";
    if (word == "None") result = "null";
    if (const auto number = python_integer(word)) result = *number;
    if (find_json_fault(result)) fail("a value is expected");
    m_at = end;
    return result;
  }

  std::string_view m_text;
  std::size_t m_at = 0;
  int m_depth = 0;
};

}  // namespace

std::string json_of_literal(std::string_view literal) {
  // JSON first: the two languages read a few escapes differently.
  if (find_json_fault(literal)) return LiteralReader(literal).read();
  const std::size_t begin = skip_json_space(literal, 0);
  return std::string(literal.substr(begin, json_value_end(literal, begin) - begin));
}

}  // namespace bench
