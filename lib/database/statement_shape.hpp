#pragma once

#include <memory>
#include <string_view>

#include "database/dialect.hpp"

namespace bench {

/// Follows the tokens of one statement to tell which delimiters stand inside it: those of the bodies of
/// triggers and routines, and on PostgreSQL those in parentheses.
class StatementShape {
 public:
  virtual ~StatementShape() = default;

  /// A new statement begins.
  virtual void begin() = 0;
  /// A bare word, in capitals.
  virtual void word(std::string_view word) = 0;
  /// Another character; a quoted name or a string counts as its opening quote.
  virtual void symbol(char character) = 0;

  /// Whether words still matter. Symbols always do.
  virtual bool wants_words() const = 0;
  /// Whether a delimiter here ends the statement; otherwise it is a symbol inside it.
  virtual bool can_end() const = 0;
  /// What is open at a place where the statement cannot end, such as "parenthesis".
  virtual std::string_view open_part() const = 0;
};

std::unique_ptr<StatementShape> make_statement_shape(Dialect dialect);
std::unique_ptr<StatementShape> make_mariadb_shape();

}  // namespace bench
