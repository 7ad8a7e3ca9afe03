#include "database/splitter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/error.hpp"
#include "database/lexer.hpp"
#include "database/statement_shape.hpp"

namespace bench {

namespace {

constexpr std::size_t none = std::string::npos;
constexpr int most_keywords = 4;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string in_capitals(std::string_view word) {
  std::string capitals(word);
  for (char& character : capitals)
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  return capitals;
}

[[noreturn]] void fail(int line, std::string_view message, std::string hint) {
  throw Error(Kind::configuration, fmt::format("line {}: {}", line, message), std::move(hint));
}

/// What the DELIMITER command names: a word, or what stands in quotes.
std::string delimiter_of(std::string_view rest_of_line, int line) {
  while (!rest_of_line.empty() && is_blank(rest_of_line.front())) rest_of_line.remove_prefix(1);
  std::string_view delimiter;
  if (!rest_of_line.empty() && std::string_view("'\"`").find(rest_of_line[0]) != std::string_view::npos)
    delimiter = rest_of_line.substr(1, rest_of_line.find(rest_of_line[0], 1) - 1);
  else
    delimiter = rest_of_line.substr(
        0, static_cast<std::size_t>(std::find_if(rest_of_line.begin(), rest_of_line.end(), is_blank) -
                                    rest_of_line.begin()));
  if (delimiter.empty() || delimiter.find('\\') != std::string_view::npos)
    fail(line, "DELIMITER must be followed by characters other than a backslash",
         "write, for example: DELIMITER //");
  return std::string(delimiter);
}

}  // namespace

struct StatementSplitter::State {
  explicit State(Dialect which) : dialect(which), lexer(which), shape(make_statement_shape(which)) {}

  std::optional<Statement> scan();
  void take_word(const Token& token);
  void take_symbol(const Token& token);
  bool is_delimiter_command(const Token& token) const;
  bool read_delimiter();
  bool skip_mark();
  bool ends_here() const { return !follows_shape || shape->can_end(); }
  std::optional<Statement> cut(std::size_t end);
  void begin_statement(std::size_t at);
  void drop_what_is_done();
  void note_content(const Token& token);
  void note_first_token(const Token& token);
  [[noreturn]] void fail_unclosed(const Token& token);
  void fail_open_body();
  int line_at(std::size_t offset);
  SqlLexer::Detail detail() const {
    const bool needs_words = keywords_open || (follows_shape && shape->wants_words());
    return needs_words ? SqlLexer::Detail::fine : SqlLexer::Detail::coarse;
  }

  Dialect dialect;
  SqlLexer lexer;
  std::unique_ptr<StatementShape> shape;
  SqlLexer::Input input = SqlLexer::Input::grows;
  std::deque<Statement> ready;  ///< found by `finish`

  std::string text;
  std::size_t start = 0;  ///< of the statement that is being read
  bool at_start = true;
  bool in_delimiter_command = false;
  /// With a delimiter of its own choice the text says itself where bodies end.
  bool follows_shape = true;

  int line = 1;  ///< at `counted`
  std::size_t counted = 0;
  std::size_t content = none;  ///< where the statement's first comment or token begins
  std::size_t first_token = none;
  int first_line = 1;
  std::string keywords;
  int keyword_count = 0;
  bool keywords_open = true;
};

int StatementSplitter::State::line_at(std::size_t offset) {
  const auto from = text.begin() + static_cast<std::ptrdiff_t>(counted);
  const auto to = text.begin() + static_cast<std::ptrdiff_t>(std::max(offset, counted));
  line += static_cast<int>(std::count(from, to, '\n'));
  counted = std::max(offset, counted);
  return line;
}

void StatementSplitter::State::begin_statement(std::size_t at) {
  line_at(at);
  start = at;
  content = first_token = none;
  keywords.clear();
  keyword_count = 0;
  keywords_open = true;
  shape->begin();
}

/// Done once a piece and not once a statement, so that the rest of a long piece is not moved again and again.
void StatementSplitter::State::drop_what_is_done() {
  if (start == 0) return;
  text.erase(0, start);
  lexer.drop_front(start);
  for (std::size_t* offset : {&counted, &content, &first_token})
    if (*offset != none) *offset -= start;
  start = 0;
}

void StatementSplitter::State::note_content(const Token& token) {
  if (content == none) content = token.begin;
}

void StatementSplitter::State::note_first_token(const Token& token) {
  note_content(token);
  if (first_token != none) return;
  first_token = token.begin;
  first_line = line_at(token.begin);
}

std::optional<Statement> StatementSplitter::State::cut(std::size_t end) {
  std::optional<Statement> statement;
  if (first_token != none) {
    while (is_blank(text[end - 1])) --end;
    statement = Statement{text.substr(content, end - content), first_line, std::move(keywords),
                          first_token - content};
  }
  return statement;
}

void StatementSplitter::State::take_word(const Token& token) {
  const std::string word = in_capitals(std::string_view(text).substr(token.begin, token.end - token.begin));
  if (keywords_open) {
    if (keyword_count > 0) keywords += ' ';
    keywords += word;
    keywords_open = ++keyword_count < most_keywords;
  }
  if (follows_shape) shape->word(word);
}

void StatementSplitter::State::take_symbol(const Token& token) {
  keywords_open = false;
  if (follows_shape) shape->symbol(text[token.begin]);
}

bool StatementSplitter::State::is_delimiter_command(const Token& token) const {
  if (dialect != Dialect::mariadb || first_token != none || token.end - token.begin != 9) return false;
  const bool stands_alone = token.end == text.size() || is_blank(text[token.end]);
  return stands_alone && in_capitals(text.substr(token.begin, 9)) == "DELIMITER";
}

/// False when the end of its line is not there yet.
bool StatementSplitter::State::read_delimiter() {
  const Token rest = lexer.rest_of_line(text, input);
  if (rest.kind == TokenKind::incomplete) return false;
  in_delimiter_command = false;
  lexer.set_delimiter(
      delimiter_of(std::string_view(text).substr(rest.begin, rest.end - rest.begin), line_at(rest.begin)));
  follows_shape = lexer.delimiter() == ";";
  begin_statement(rest.end);
  return true;
}

/// False when more text is needed to tell whether it begins with a byte order mark.
bool StatementSplitter::State::skip_mark() {
  const bool may_be_cut = text.size() < byte_order_mark.size() && byte_order_mark.starts_with(text);
  if (may_be_cut && input == SqlLexer::Input::grows) return false;
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  at_start = false;
  return true;
}

std::optional<Statement> StatementSplitter::State::scan() {
  if (at_start && !skip_mark()) return std::nullopt;
  for (;;) {
    if (in_delimiter_command && !read_delimiter()) return std::nullopt;
    const Token token = lexer.next(text, detail(), input);
    switch (token.kind) {
      case TokenKind::blank:
        continue;
      case TokenKind::comment:
        note_content(token);
        continue;
      case TokenKind::incomplete:
        return std::nullopt;
      case TokenKind::unclosed:
        fail_unclosed(token);
      case TokenKind::word:
        in_delimiter_command = is_delimiter_command(token);
        if (in_delimiter_command) continue;
        note_first_token(token);
        take_word(token);
        continue;
      case TokenKind::conditional:
        note_first_token(token);
        continue;
      case TokenKind::run:
        continue;
      case TokenKind::quoted:
      case TokenKind::symbol:
        note_first_token(token);
        take_symbol(token);
        continue;
      case TokenKind::delimiter:
        if (first_token != none && !ends_here()) {
          take_symbol(token);
          continue;
        }
        break;
      case TokenKind::end:
        fail_open_body();
        break;
    }
    std::optional<Statement> statement = cut(token.begin);
    begin_statement(token.end);
    if (statement || token.kind == TokenKind::end) return statement;
  }
}

void StatementSplitter::State::fail_unclosed(const Token& token) {
  const char first = text[token.begin];
  const char second = token.begin + 1 < text.size() ? text[token.begin + 1] : ' ';
  const int unclosed_line = line_at(token.begin);
  const std::string_view what = first == '/' && second == '*'  ? "comment"
                                : first == '\''                ? "string"
                                : first == '"' || first == '`' ? "quoted name or string"
                                : first == '['                 ? "quoted name"
                                                               : "dollar-quoted string";
  fail(unclosed_line, fmt::format("a {} begins here and is not closed", what), "close it");
}

void StatementSplitter::State::fail_open_body() {
  if (first_token == none || ends_here()) return;
  fail(first_line,
       fmt::format("the statement that begins here has a {} that is not closed", shape->open_part()),
       "close it");
}

StatementSplitter::StatementSplitter(Dialect dialect) : m_state(std::make_unique<State>(dialect)) {}
StatementSplitter::~StatementSplitter() = default;
StatementSplitter::StatementSplitter(StatementSplitter&&) noexcept = default;

void StatementSplitter::feed(std::string_view text) {
  m_state->drop_what_is_done();
  m_state->text += text;
}

void StatementSplitter::finish() {
  m_state->input = SqlLexer::Input::complete;
  while (std::optional<Statement> statement = m_state->scan())
    m_state->ready.push_back(std::move(*statement));
}

std::optional<Statement> StatementSplitter::next() {
  if (m_state->input == SqlLexer::Input::grows) return m_state->scan();
  if (m_state->ready.empty()) return std::nullopt;
  std::optional<Statement> statement = std::move(m_state->ready.front());
  m_state->ready.pop_front();
  return statement;
}

bool StatementSplitter::is_between_statements() const {
  return m_state->first_token == none && !m_state->lexer.is_inside_token();
}

std::vector<Statement> split_statements(std::string_view text, Dialect dialect) {
  StatementSplitter splitter(dialect);
  splitter.feed(text);
  splitter.finish();
  std::vector<Statement> statements;
  while (std::optional<Statement> statement = splitter.next()) statements.push_back(std::move(*statement));
  return statements;
}

}  // namespace bench
