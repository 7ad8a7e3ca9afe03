#include "web/template/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateToken::Type;
constexpr auto npos = std::string_view::npos;

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_name_part(char character) {
  return is_digit(character) || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z') || character == '_' ||
         static_cast<unsigned char>(character) >= 0x80;
}

bool is_one_of(char character, std::string_view characters) {
  return characters.find(character) != npos;
}

class Scanner {
 public:
  explicit Scanner(const TemplateSource& source) : m_source(source), m_text(source.text) {}
  std::vector<TemplateToken> tokens();

 private:
  void take_text();
  void take_construct();
  void skip_comment();
  bool take_raw();
  void take_code(Type begin, Type end, char closing);
  bool take_end(Type end, char closing);
  void take_token();
  void take_symbol();
  void take_brackets(char symbol);
  void take_string();
  void take_number();
  Type number_end(std::size_t& end) const;
  std::size_t digits_end(std::size_t at, std::string_view digits) const;
  void push(Type type, std::size_t begin, std::size_t end);
  void push_text(std::size_t begin, std::size_t end, bool is_stripped);
  void skip_space();
  bool stands_here(std::string_view expected) const { return m_text.substr(m_at).starts_with(expected); }
  char here(std::size_t ahead = 0) const {
    return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0';
  }
  [[noreturn]] void fail(std::size_t at, std::string_view message, std::string hint = {}) const {
    m_source.fail(static_cast<std::uint32_t>(at), message, std::move(hint));
  }

  const TemplateSource& m_source;
  std::string_view m_text;
  std::size_t m_at = 0;
  std::string m_brackets;  ///< that are open, each as the one that closes it
  std::vector<TemplateToken> m_tokens;
};

std::vector<TemplateToken> Scanner::tokens() {
  while (m_at < m_text.size()) take_text();
  push(Type::end, m_text.size(), m_text.size());
  return std::move(m_tokens);
}

void Scanner::push(Type type, std::size_t begin, std::size_t end) {
  m_tokens.push_back({type, m_text.substr(begin, end - begin), static_cast<std::uint32_t>(begin)});
}

void Scanner::push_text(std::size_t begin, std::size_t end, bool is_stripped) {
  std::string_view text = m_text.substr(begin, end - begin);
  if (is_stripped) text = without_trailing_space(text);
  if (!text.empty()) push(Type::text, begin, begin + text.size());
}

void Scanner::skip_space() {
  m_at = m_text.size() - without_leading_space(m_text.substr(m_at)).size();
}

void Scanner::take_text() {
  const std::size_t begin = m_at;
  std::size_t found = m_text.find('{', begin);
  while (found != npos && !(found + 1 < m_text.size() && is_one_of(m_text[found + 1], "{%#")))
    found = m_text.find('{', found + 1);
  m_at = std::min(found, m_text.size());
  push_text(begin, m_at, found != npos && here(2) == '-');
  if (found != npos) take_construct();
}

void Scanner::take_construct() {
  if (here(1) == '#')
    skip_comment();
  else if (here(1) == '{')
    take_code(Type::output_begin, Type::output_end, '}');
  else if (!take_raw())
    take_code(Type::tag_begin, Type::tag_end, '%');
}

void Scanner::skip_comment() {
  const std::size_t begin = m_at;
  const std::size_t inside = begin + (is_one_of(here(2), "-+") && here(2) != '\0' ? 3 : 2);
  const std::size_t end = m_text.find("#}", inside);
  if (end == npos) fail(begin, "the comment is not closed", "close it with #}");
  m_at = end + 2;
  if (end > inside && m_text[end - 1] == '-') skip_space();
}

/// What stands between `{% raw %}` and `{% endraw %}` is text, tags and all.
bool Scanner::take_raw() {
  const std::size_t begin = m_at;
  // Where the tag `word` that begins at `at` ends, and whether it strips space before and behind it.
  struct RawTag {
    std::size_t end;
    bool strips_before, strips_behind;
  };
  const auto raw_tag = [this](std::size_t at, std::string_view word) -> std::optional<RawTag> {
    std::string_view rest = m_text.substr(at + 2);
    const bool strips_before = rest.starts_with('-');
    if (strips_before || rest.starts_with('+')) rest.remove_prefix(1);
    rest = without_leading_space(rest);
    if (!rest.starts_with(word)) return std::nullopt;
    rest = without_leading_space(rest.substr(word.size()));
    const bool strips_behind = rest.starts_with('-');
    if (strips_behind || (rest.starts_with('+') && word == "endraw")) rest.remove_prefix(1);
    if (!rest.starts_with("%}")) return std::nullopt;
    return RawTag{m_text.size() - rest.size() + 2, strips_before, strips_behind};
  };
  const auto opening = raw_tag(begin, "raw");
  if (!opening) return false;
  m_at = opening->end;
  if (opening->strips_behind) skip_space();
  for (std::size_t at = m_text.find("{%", m_at); at != npos; at = m_text.find("{%", at + 2)) {
    const auto closing = raw_tag(at, "endraw");
    if (!closing) continue;
    push_text(m_at, at, closing->strips_before);
    m_at = closing->end;
    if (closing->strips_behind) skip_space();
    return true;
  }
  fail(begin, "the raw text is not closed", "close it with {% endraw %}");
}

void Scanner::take_code(Type begin_type, Type end_type, char closing) {
  const std::size_t begin = m_at;
  m_at += is_one_of(here(2), "-+") && here(2) != '\0' ? 3 : 2;
  push(begin_type, begin, m_at);
  m_brackets.clear();
  for (;;) {
    skip_space();
    if (m_at >= m_text.size())
      fail(begin, "what begins here is not closed", closing == '%' ? "close it with %}" : "close it with }}");
    if (m_brackets.empty() && take_end(end_type, closing)) return;
    take_token();
  }
}

bool Scanner::take_end(Type end, char closing) {
  const bool has_sign = here() == '-' || (here() == '+' && closing == '%');
  const std::size_t ahead = has_sign ? 1 : 0;
  if (here(ahead) != closing || here(ahead + 1) != '}') return false;
  const bool strips = here() == '-';
  push(end, m_at, m_at + ahead + 2);
  m_at += ahead + 2;
  if (strips) skip_space();
  return true;
}

void Scanner::take_token() {
  const char character = here();
  if (is_digit(character)) return take_number();
  if (character == '"' || character == '\'') return take_string();
  if (!is_name_part(character)) return take_symbol();
  std::size_t end = m_at;
  // A blank that is no ASCII ends a name, too.
  for (std::size_t next = 0; end < m_text.size() && is_name_part(m_text[end]); end = next)
    if (is_space(character_at(m_text, end, next))) break;
  push(Type::name, m_at, end);
  m_at = end;
}

void Scanner::take_symbol() {
  constexpr std::array<std::string_view, 6> pairs{"//", "==", "!=", "<=", ">=", "**"};
  for (const std::string_view pair : pairs) {
    if (!stands_here(pair)) continue;
    push(Type::symbol, m_at, m_at + 2);
    m_at += 2;
    return;
  }
  if (here() == '\0' || !is_one_of(here(), "+-*/%~()[]{}|,:.=<>"))
    fail(m_at, fmt::format("'{}' cannot stand here", m_text.substr(m_at, 1)));
  take_brackets(here());
  push(Type::symbol, m_at, m_at + 1);
  ++m_at;
}

void Scanner::take_brackets(char symbol) {
  if (symbol == '(') m_brackets += ')';
  if (symbol == '[') m_brackets += ']';
  if (symbol == '{') m_brackets += '}';
  if (!is_one_of(symbol, ")]}")) return;
  if (m_brackets.empty()) fail(m_at, fmt::format("'{}' closes nothing", symbol));
  if (m_brackets.back() != symbol)
    fail(m_at, fmt::format("'{}' stands where '{}' is missing", symbol, m_brackets.back()));
  m_brackets.pop_back();
}

void Scanner::take_string() {
  std::size_t end = m_at + 1;
  while (end < m_text.size() && m_text[end] != m_text[m_at]) end += m_text[end] == '\\' ? 2 : 1;
  if (end >= m_text.size())
    fail(m_at, "the string is not closed", fmt::format("close it with {}", m_text[m_at]));
  push(Type::string, m_at, end + 1);
  m_at = end + 1;
}

std::size_t Scanner::digits_end(std::size_t at, std::string_view digits) const {
  const auto is_one = [&](std::size_t where) {
    return where < m_text.size() && is_one_of(m_text[where], digits);
  };
  while (is_one(at) || (at < m_text.size() && m_text[at] == '_' && is_one(at + 1))) ++at;
  return at;
}

Type Scanner::number_end(std::size_t& end) const {
  constexpr std::string_view decimal = "0123456789";
  constexpr std::array<std::pair<char, std::string_view>, 3> bases{
      {{'x', "0123456789abcdefABCDEF"}, {'o', "01234567"}, {'b', "01"}}};
  const std::size_t first = m_at;
  for (const auto& [letter, digits] : bases) {
    if (here() != '0' || (here(1) | 0x20) != letter) continue;
    end = digits_end(first + 2, digits);
    if (end > first + 2) return Type::integer;
  }
  end = digits_end(first, decimal);
  // Behind a point it is the position in a list, as in `rows.0.1`.
  if (first > 0 && m_text[first - 1] == '.') return Type::integer;
  Type type = Type::integer;
  const auto digit_at = [&](std::size_t at) { return at < m_text.size() && is_digit(m_text[at]); };
  if (end < m_text.size() && m_text[end] == '.' && digit_at(end + 1)) {
    end = digits_end(end + 1, decimal);
    type = Type::number;
  }
  if (end < m_text.size() && (m_text[end] | 0x20) == 'e') {
    const std::size_t sign = end + 1 < m_text.size() && is_one_of(m_text[end + 1], "+-") ? 1 : 0;
    if (!digit_at(end + 1 + sign)) return type;
    end = digits_end(end + 1 + sign, decimal);
    type = Type::number;
  }
  return type;
}

void Scanner::take_number() {
  std::size_t end = m_at;
  const Type type = number_end(end);
  const std::string_view digits = m_text.substr(m_at, end - m_at);
  const bool is_zero = digits.find_first_not_of("0_") == npos;
  if (type == Type::integer && digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]) && !is_zero)
    fail(m_at, fmt::format("the number '{}' begins with a zero", digits), "leave the zero out");
  push(type, m_at, end);
  m_at = end;
}

}  // namespace

std::vector<TemplateToken> template_tokens(const TemplateSource& source) {
  return Scanner(source).tokens();
}

}  // namespace bench
