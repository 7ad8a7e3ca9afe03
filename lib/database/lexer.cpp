#include "database/lexer.hpp"

#include <algorithm>

namespace bench {

namespace {

using Class = std::array<bool, 256>;

constexpr Class class_of(std::string_view characters) {
  Class members{};
  for (const char character : characters) members[static_cast<unsigned char>(character)] = true;
  return members;
}

constexpr Class word_characters() {
  Class members = class_of("_$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  for (std::size_t byte = 0x80; byte < members.size(); ++byte) members[byte] = true;
  return members;
}

constexpr Class blanks = class_of(" \t\n\r\f\v");
constexpr Class words = word_characters();

bool in(const Class& members, char character) {
  return members[static_cast<unsigned char>(character)];
}

std::size_t skip(const Class& members, std::string_view text, std::size_t at) {
  while (at < text.size() && in(members, text[at])) ++at;
  return at;
}

std::size_t skip_all_but(const Class& members, std::string_view text, std::size_t at) {
  while (at < text.size() && !in(members, text[at])) ++at;
  return at;
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

std::string_view special_characters(Dialect dialect) {
  switch (dialect) {
    case Dialect::mariadb:
      return "'\"`-/#";
    case Dialect::postgres:
      return "'\"-/$()";
    case Dialect::sqlite:
      return "'\"`[-/";
  }
  return "";
}

/// Whether PostgreSQL joins two strings with this between them: a line break, then only blanks and line
/// comments.
bool joins_strings(std::string_view between) {
  const std::size_t line_break = between.find_first_not_of(" \t\f\v");
  if (line_break == std::string_view::npos || (between[line_break] != '\n' && between[line_break] != '\r'))
    return false;
  std::size_t at = line_break;
  while ((at = skip(blanks, between, at)) < between.size()) {
    if (!between.substr(at).starts_with("--")) return false;
    at = std::min(between.find('\n', at), between.size());
  }
  return true;
}

}  // namespace

bool is_blank(char character) {
  return in(blanks, character);
}
bool is_word_character(char character) {
  return in(words, character);
}

SqlLexer::SqlLexer(Dialect dialect) : m_dialect(dialect) {
  set_delimiter(";");
}

void SqlLexer::set_delimiter(std::string delimiter) {
  m_delimiter = std::move(delimiter);
  m_special = class_of(special_characters(m_dialect));
  m_special[static_cast<unsigned char>(m_delimiter.front())] = true;
}

void SqlLexer::drop_front(std::size_t count) {
  m_begin -= std::min(m_begin, count);
  m_at -= count;
  if (m_escape_string_end != std::string::npos)
    m_escape_string_end = m_escape_string_end < count ? std::string::npos : m_escape_string_end - count;
}

Token SqlLexer::open(Mode mode, std::size_t at, std::string_view text, Input input) {
  m_mode = mode;
  m_at = at;
  return resume(text, input);
}

Token SqlLexer::close(TokenKind kind, std::size_t end) {
  m_mode = Mode::none;
  m_at = end;
  return {kind, m_begin, end};
}

Token SqlLexer::cut_off(std::string_view text, Input input) {
  return {input == Input::grows ? TokenKind::incomplete : TokenKind::unclosed, m_begin, text.size()};
}

Token SqlLexer::next(std::string_view text, Detail detail, Input input) {
  if (m_mode != Mode::none) return resume(text, input);
  m_begin = m_at;
  if (m_at == text.size())
    return {input == Input::grows ? TokenKind::incomplete : TokenKind::end, m_at, m_at};
  return start(text, detail, input);
}

Token SqlLexer::start(std::string_view text, Detail detail, Input input) {
  const char first = text[m_at];
  if (first == m_delimiter.front()) {
    const Token token = start_delimiter(text, input);
    if (token.kind != TokenKind::symbol) return token;
  }
  if (detail == Detail::coarse && !in(m_special, first))
    return close(TokenKind::run, skip_all_but(m_special, text, m_at + 1));
  if (in(blanks, first)) return close(TokenKind::blank, skip(blanks, text, m_at + 1));
  switch (first) {
    case '-':
      return start_dash(text, input);
    case '/':
    case '*':
      return start_slash(text, input);
    case '$':
      return start_dollar(text, input);
    case '\'':
    case '"':
      return start_quote(text, input);
    case '`':
      return m_dialect == Dialect::postgres ? close(TokenKind::symbol, m_at + 1) : start_quote(text, input);
    case '[':
      return m_dialect == Dialect::sqlite ? start_quote(text, input) : close(TokenKind::symbol, m_at + 1);
    case '#':
      return m_dialect == Dialect::mariadb ? open(Mode::line_comment, m_at + 1, text, input)
                                           : close(TokenKind::symbol, m_at + 1);
    default:
      return in(words, first) ? open(Mode::word, m_at, text, input) : close(TokenKind::symbol, m_at + 1);
  }
}

Token SqlLexer::start_delimiter(std::string_view text, Input input) {
  const std::string_view rest = text.substr(m_at, m_delimiter.size());
  if (rest == m_delimiter) return close(TokenKind::delimiter, m_at + rest.size());
  const bool may_become = input == Input::grows && std::string_view(m_delimiter).starts_with(rest);
  return {may_become ? TokenKind::incomplete : TokenKind::symbol, m_at, m_at};
}

Token SqlLexer::start_dash(std::string_view text, Input input) {
  const std::string_view rest = text.substr(m_at + 1);
  if (rest.empty() && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  if (!rest.starts_with('-')) return close(TokenKind::symbol, m_at + 1);
  if (m_dialect != Dialect::mariadb) return open(Mode::line_comment, m_at + 2, text, input);
  // `5--3` is arithmetic on MariaDB: its comment needs white space or a control character behind the dashes.
  if (rest.size() == 1 && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  const bool is_comment = rest.size() == 1 || static_cast<unsigned char>(rest[1]) <= ' ' || rest[1] == 0x7f;
  return is_comment ? open(Mode::line_comment, m_at + 2, text, input) : close(TokenKind::symbol, m_at + 1);
}

Token SqlLexer::start_slash(std::string_view text, Input input) {
  const char first = text[m_at];
  const std::string_view rest = text.substr(m_at + 1);
  if (rest.empty() && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  if (first == '*') {
    // Code inside a conditional comment is read like any other, so only its end remains to be seen.
    const bool closes = m_dialect == Dialect::mariadb && rest.starts_with('/');
    return closes ? close(TokenKind::conditional, m_at + 2) : close(TokenKind::symbol, m_at + 1);
  }
  if (!rest.starts_with('*')) return close(TokenKind::symbol, m_at + 1);
  if (m_dialect == Dialect::mariadb) {
    for (const std::string_view mark : {"*!", "*M!"}) {
      if (rest.starts_with(mark)) return start_conditional(text, input, m_at + 1 + mark.size());
      if (input == Input::grows && mark.starts_with(rest)) return {TokenKind::incomplete, m_at, m_at};
    }
  }
  m_depth = 1;
  return open(Mode::block_comment, m_at + 2, text, input);
}

Token SqlLexer::start_conditional(std::string_view text, Input input, std::size_t mark) {
  std::size_t end = mark;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == text.size() && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  // No server is as new as this version: mariadb-dump opens its files with such a line, meant for the client
  // alone.
  if (text.substr(mark, end - mark) == "999999") return open(Mode::block_comment, end, text, input);
  return close(TokenKind::conditional, end);
}

Token SqlLexer::start_dollar(std::string_view text, Input input) {
  const bool inside_word = m_at > 0 && in(words, text[m_at - 1]);
  if (m_dialect != Dialect::postgres || inside_word) return open(Mode::word, m_at, text, input);
  std::size_t end = m_at + 1;
  if (end < text.size() && !is_digit(text[end]))
    while (end < text.size() && text[end] != '$' && in(words, text[end])) ++end;
  if (end == text.size() && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  if (end == text.size() || text[end] != '$') return close(TokenKind::symbol, m_at + 1);
  m_tag = text.substr(m_at, end + 1 - m_at);
  return open(Mode::dollar, end + 1, text, input);
}

Token SqlLexer::start_quote(std::string_view text, Input input) {
  const char first = text[m_at];
  m_quote = first == '[' ? ']' : first;
  m_escapes = (m_dialect == Dialect::mariadb && first != '`') ||
              (m_dialect == Dialect::postgres && first == '\'' && is_escape_string(text));
  return open(Mode::quoted, m_at + 1, text, input);
}

bool SqlLexer::is_escape_string(std::string_view text) const {
  if (m_escape_string_end != std::string::npos &&
      joins_strings(text.substr(m_escape_string_end, m_at - m_escape_string_end)))
    return true;
  const bool has_mark = m_at > 0 && (text[m_at - 1] == 'e' || text[m_at - 1] == 'E');
  return has_mark && (m_at == 1 || !in(words, text[m_at - 2]));
}

Token SqlLexer::resume(std::string_view text, Input input) {
  switch (m_mode) {
    case Mode::none:
      break;
    case Mode::word:
      return scan_word(text, input);
    case Mode::line_comment: {
      const std::string_view line_ends = m_dialect == Dialect::postgres ? "\r\n" : "\n";
      m_at = std::min(text.find_first_of(line_ends, m_at), text.size());
      if (m_at == text.size() && input == Input::grows) return {TokenKind::incomplete, m_begin, m_at};
      return close(TokenKind::comment, m_at);
    }
    case Mode::block_comment:
      return m_dialect == Dialect::postgres ? scan_nested_comment(text, input)
                                            : scan_block_comment(text, input);
    case Mode::quoted:
      return scan_quoted(text, input);
    case Mode::dollar: {
      const std::size_t end = text.find(m_tag, m_at);
      if (end != std::string_view::npos) return close(TokenKind::quoted, end + m_tag.size());
      m_at = std::max(m_at, text.size() - std::min(text.size(), m_tag.size() - 1));
      return cut_off(text, input);
    }
  }
  return cut_off(text, input);
}

Token SqlLexer::scan_word(std::string_view text, Input input) {
  for (; m_at < text.size() && in(words, text[m_at]); ++m_at) {
    // MariaDB's client ends a statement at a delimiter such as `$$` even where it touches a name.
    if (m_at == m_begin || text[m_at] != m_delimiter.front()) continue;
    const std::string_view rest = text.substr(m_at, m_delimiter.size());
    if (rest == m_delimiter) return close(TokenKind::word, m_at);
    if (input == Input::grows && std::string_view(m_delimiter).starts_with(rest)) break;
  }
  const bool is_cut = m_at == text.size() || in(words, text[m_at]);
  if (is_cut && input == Input::grows) return {TokenKind::incomplete, m_begin, m_at};
  return close(TokenKind::word, m_at);
}

Token SqlLexer::scan_block_comment(std::string_view text, Input input) {
  const std::size_t end = text.find("*/", m_at);
  if (end != std::string_view::npos) return close(TokenKind::comment, end + 2);
  m_at = std::max(m_at, text.size() - 1);
  // SQLite takes the end of the text for the end of the comment.
  if (m_dialect == Dialect::sqlite && input == Input::complete) return close(TokenKind::comment, text.size());
  return cut_off(text, input);
}

Token SqlLexer::scan_nested_comment(std::string_view text, Input input) {
  static constexpr Class marks = class_of("*/");
  while ((m_at = skip_all_but(marks, text, m_at)) + 1 < text.size()) {
    const std::string_view pair = text.substr(m_at, 2);
    m_at += pair == "/*" || pair == "*/" ? 2 : 1;
    if (pair == "/*") ++m_depth;
    if (pair == "*/" && --m_depth == 0) return close(TokenKind::comment, m_at);
  }
  return cut_off(text, input);
}

Token SqlLexer::scan_quoted(std::string_view text, Input input) {
  for (;;) {
    if (m_escapes)
      while (m_at < text.size() && text[m_at] != m_quote && text[m_at] != '\\') ++m_at;
    else
      m_at = std::min(text.find(m_quote, m_at), text.size());
    if (m_at == text.size()) return cut_off(text, input);
    const bool is_last = m_at + 1 == text.size();
    if (is_last && (input == Input::grows || text[m_at] == '\\')) return cut_off(text, input);
    const bool is_pair = text[m_at] == '\\' || (!is_last && m_quote != ']' && text[m_at + 1] == m_quote);
    if (!is_pair) break;
    m_at += 2;
  }
  if (m_dialect == Dialect::postgres) m_escape_string_end = m_escapes ? m_at + 1 : std::string::npos;
  return close(TokenKind::quoted, m_at + 1);
}

Token SqlLexer::rest_of_line(std::string_view text, Input input) {
  const std::size_t end = text.find('\n', m_at);
  if (end == std::string_view::npos && input == Input::grows) return {TokenKind::incomplete, m_at, m_at};
  m_begin = m_at;
  return close(TokenKind::comment, std::min(end, text.size()));
}

}  // namespace bench
