#include "database/tokens.hpp"

#include <algorithm>
#include <utility>

namespace bench {

std::string SqlToken::name() const {
  if (!is_quoted) return std::string(text);
  std::string name;
  const char quote = text.front();
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] == quote) ++at;
    name += text[at];
  }
  return name;
}

bool SqlToken::is_name() const {
  if (is_quoted) return text.front() != '\'';
  return !word.empty() && (word.front() < '0' || word.front() > '9');
}

SqlToken SqlTokens::next() {
  while (true) {
    const Token token = m_lexer.next(m_statement, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::blank || token.kind == TokenKind::comment ||
        token.kind == TokenKind::conditional || token.kind == TokenKind::delimiter)
      continue;
    if (token.kind == TokenKind::end) return {};
    SqlToken found{m_statement.substr(token.begin, token.end - token.begin),
                   {},
                   token.begin,
                   token.end,
                   token.kind == TokenKind::quoted};
    if (token.kind == TokenKind::word) {
      found.word = found.text;
      std::transform(found.word.begin(), found.word.end(), found.word.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    }
    return found;
  }
}

std::vector<SqlToken> sql_tokens(std::string_view statement, Dialect dialect) {
  std::vector<SqlToken> all;
  SqlTokens tokens(statement, dialect);
  for (SqlToken token = tokens.next(); !token.is_end(); token = tokens.next())
    all.push_back(std::move(token));
  return all;
}

}  // namespace bench
