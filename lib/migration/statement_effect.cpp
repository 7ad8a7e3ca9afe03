#include "migration/statement_effect.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "database/lexer.hpp"

namespace bench {

namespace {

std::string in_capitals(std::string_view word) {
  std::string capitals(word);
  for (char& c : capitals)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return capitals;
}

std::set<std::string> words_of(const Statement& statement) {
  std::set<std::string> words;
  SqlLexer lexer(Dialect::postgres);
  for (;;) {
    const Token token = lexer.next(statement.text, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::end || token.kind == TokenKind::unclosed) return words;
    if (token.kind == TokenKind::word)
      words.insert(
          in_capitals(std::string_view(statement.text).substr(token.begin, token.end - token.begin)));
  }
}

}  // namespace

Effect effect_of(const Statement& statement) {
  static constexpr std::array<std::string_view, 8> row_words = {"INSERT", "UPDATE", "DELETE", "REPLACE",
                                                                "SELECT", "WITH",   "VALUES", "LOAD"};
  const std::string_view word = std::string_view(statement.keywords).substr(0, statement.keywords.find(' '));
  // MariaDB's SET STATEMENT ... FOR runs another statement.
  if (statement.keywords.starts_with("SET STATEMENT")) return Effect::schema;
  if (word == "SET" || word == "USE" || word == "PREPARE" || word == "DEALLOCATE") return Effect::session;
  return std::find(row_words.begin(), row_words.end(), word) == row_words.end() ? Effect::schema
                                                                                : Effect::rows;
}

bool leans_on_session(const Statement& statement) {
  if (statement.keywords.starts_with("CREATE TEMPORARY") ||
      statement.keywords.starts_with("CREATE OR REPLACE TEMPORARY"))
    return true;
  SqlLexer lexer(Dialect::mariadb);
  bool after_name = false, after_sign = false;
  for (;;) {
    const Token token = lexer.next(statement.text, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::end || token.kind == TokenKind::unclosed) return false;
    const bool is_name = token.kind == TokenKind::word || token.kind == TokenKind::quoted;
    if (after_sign && is_name) return true;
    // @@variable is the server's, and name@host is an account.
    const bool is_sign = token.kind == TokenKind::symbol && statement.text[token.begin] == '@';
    after_sign = is_sign && !after_name && !after_sign;
    after_name = is_name || (is_sign && !after_sign);
  }
}

bool runs_outside_transaction(const Statement& statement) {
  const std::string_view words = statement.keywords;
  const bool may_be_concurrent = words.starts_with("CREATE INDEX") ||
                                 words.starts_with("CREATE UNIQUE INDEX") ||
                                 words.starts_with("DROP INDEX") || words.starts_with("REINDEX");
  if (may_be_concurrent) return words_of(statement).contains("CONCURRENTLY");
  if (!words.starts_with("ALTER TYPE")) return false;
  const auto all = words_of(statement);
  return all.contains("ADD") && all.contains("VALUE");
}

}  // namespace bench
