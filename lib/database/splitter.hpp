#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/dialect.hpp"

namespace bench {

/// One statement as it stands in the text, comments inside and before it included, without the delimiter
/// after it and without white space around it.
struct Statement {
  std::string text;
  int line = 1;  ///< of its first token that is not a comment, from 1
  /// Its leading bare words in capitals, comments left out, single blanks between them ("INSERT INTO", and
  /// "CREATE TABLE T" for a table t): at most four, up to the first token that is none.
  std::string keywords;
  /// Offset of the first token in `text`, behind comments and white space.
  std::size_t first_token = 0;
};

/// Cuts SQL text into statements the way the database's own shell does. The text arrives in pieces of any
/// size, so that a dump of any length passes through in bounded memory (that of its longest statement).
///
/// Knows strings and identifiers with their escapes, comments (nested in PostgreSQL; `#` and conditional `/*!
/// */` in MariaDB), dollar quotes, DELIMITER lines, and bodies of triggers, procedures, functions and events
/// with and without DELIMITER (BEGIN ... END, BEGIN ATOMIC, CREATE RULE's parentheses), CRLF, a BOM, and a
/// missing last delimiter. Pieces that hold only comments and white space are no statement.
class StatementSplitter {
 public:
  explicit StatementSplitter(Dialect dialect);
  ~StatementSplitter();
  StatementSplitter(StatementSplitter&&) noexcept;

  /// Gives it more text; complete statements become available from `next`.
  void feed(std::string_view text);
  /// No more text comes. Error{configuration} with the line when a string, comment or body is not closed.
  void finish();
  /// Error{configuration} with the line of a DELIMITER command that names none.
  std::optional<Statement> next();
  /// Whether nothing of a next statement is there yet, comments left out: only here a shell takes commands of
  /// its own. Ask it when `next` has answered none.
  bool is_between_statements() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// All statements of a text that is in memory.
std::vector<Statement> split_statements(std::string_view text, Dialect dialect);

}  // namespace bench
