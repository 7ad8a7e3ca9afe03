#include "migration/statement_effect.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "database/tokens.hpp"

namespace bench {

namespace {

std::set<std::string> words_of(const Statement& statement) {
  std::set<std::string> words;
  for (SqlToken& token : sql_tokens(statement.text, Dialect::postgres)) words.insert(std::move(token.word));
  return words;
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
  // @@variable is the server's, and name@host is an account.
  SqlToken before;
  bool after_sign = false;
  for (SqlToken& token : sql_tokens(statement.text)) {
    const bool touches = token.begin == before.end;
    const bool can_name = token.is_quoted || !token.word.empty();
    if (after_sign && touches && can_name) return true;
    const bool follows = touches && (before.is_quoted || !before.word.empty() || before.text == "@");
    after_sign = token.text == "@" && !follows;
    before = std::move(token);
  }
  return false;
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
