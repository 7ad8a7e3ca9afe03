#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "database/lexer.hpp"

namespace bench {

/// A token of a statement that is code.
struct SqlToken {
  std::string_view text;
  std::string word;  ///< in capitals, when it is a bare word
  std::size_t begin = 0, end = 0;
  bool is_quoted = false;
  bool is_end() const { return text.empty(); }
  /// Whether it may name something: a word that is no number, or anything in quotes but a string.
  bool is_name() const;
  /// What it names: the word as it stands, or what the quotes hold.
  std::string name() const;
};

/// The tokens of a statement one by one, blanks and comments left out; the marks of conditional comments too,
/// so that what they hold counts as code.
class SqlTokens {
 public:
  explicit SqlTokens(std::string_view statement, Dialect dialect = Dialect::mariadb)
      : m_statement(statement), m_lexer(dialect) {}
  SqlToken next();

 private:
  std::string_view m_statement;
  SqlLexer m_lexer;
};

/// All of them.
std::vector<SqlToken> sql_tokens(std::string_view statement, Dialect dialect = Dialect::mariadb);

}  // namespace bench
