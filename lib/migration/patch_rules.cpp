#include "migration/patch_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "database/lexer.hpp"

namespace bench {

namespace {

constexpr std::array<std::string_view, 12> refused_words = {"USE",      "BEGIN",  "COMMIT",    "END",
                                                            "ROLLBACK", "ABORT",  "SAVEPOINT", "RELEASE",
                                                            "VACUUM",   "ATTACH", "DETACH",    "XA"};

std::string_view first_word(const Statement& statement) {
  return std::string_view(statement.keywords).substr(0, statement.keywords.find(' '));
}

bool begins_transaction(const Statement& statement) {
  return (first_word(statement) == "BEGIN" && !statement.keywords.starts_with("BEGIN NOT")) ||
         statement.keywords.starts_with("START TRANSACTION");
}

bool commits(const Statement& statement) {
  return first_word(statement) == "COMMIT" || first_word(statement) == "END";
}

/// The pragma's name in small letters, behind the schema's if there is one.
std::string pragma_of(const Statement& statement, Dialect dialect) {
  const std::string_view text = std::string_view(statement.text).substr(statement.first_token);
  SqlLexer lexer(dialect);
  std::string pragma;
  for (bool is_first = true;; is_first = false) {
    const Token token = lexer.next(text, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    std::string_view part = text.substr(token.begin, token.end - token.begin);
    if (is_first || token.kind == TokenKind::blank || token.kind == TokenKind::comment || part == ".")
      continue;
    if (token.kind == TokenKind::quoted && part.size() > 1) part = part.substr(1, part.size() - 2);
    if (token.kind != TokenKind::word && token.kind != TokenKind::quoted) return pragma;
    pragma = part;
    std::transform(pragma.begin(), pragma.end(), pragma.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  }
}

bool has_shell_command(const Statement& statement, Dialect dialect) {
  if (dialect == Dialect::sqlite) return statement.text[statement.first_token] == '.';
  SqlLexer lexer(dialect);
  for (;;) {
    const Token token = lexer.next(statement.text, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::end) return false;
    if (token.kind == TokenKind::symbol && statement.text[token.begin] == '\\') return true;
  }
}

std::optional<std::string> reason_against(const Statement& statement, Dialect dialect) {
  const std::string_view word = first_word(statement);
  if (statement.keywords.starts_with("BEGIN NOT")) return std::nullopt;
  if (std::find(refused_words.begin(), refused_words.end(), word) != refused_words.end())
    return fmt::format("{} must not stand in a patch", word);
  for (const std::string_view words : {"START TRANSACTION", "PREPARE TRANSACTION"})
    if (statement.keywords.starts_with(words)) return fmt::format("{} must not stand in a patch", words);
  if (dialect == Dialect::sqlite && word == "PRAGMA") {
    // They would take the fence, the way bench waits for it, or the schema itself away.
    const std::string pragma = pragma_of(statement, dialect);
    for (const std::string_view refused :
         {"journal_mode", "locking_mode", "busy_timeout", "writable_schema", "query_only"})
      if (pragma == refused) return fmt::format("PRAGMA {} must not stand in a patch", refused);
  }
  if (statement.text.find('\0') != std::string::npos) return "a NUL character must not stand in a patch";
  if (has_shell_command(statement, dialect))
    return "a command of the database's shell must not stand in a patch";
  return std::nullopt;
}

}  // namespace

void drop_surrounding_transaction(std::vector<Statement>& statements) {
  if (statements.size() < 2 || !begins_transaction(statements.front()) || !commits(statements.back())) return;
  statements.pop_back();
  statements.erase(statements.begin());
}

std::optional<Refusal> find_refusal(const std::vector<Statement>& statements, Dialect dialect) {
  for (const Statement& statement : statements)
    if (std::optional<std::string> reason = reason_against(statement, dialect))
      return Refusal{statement.line, std::move(*reason),
                     "take it out: bench runs each patch in its own transaction"};
  return std::nullopt;
}

}  // namespace bench
