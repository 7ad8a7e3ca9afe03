#pragma once

#include <sqlite3.h>

#include <string>

#include "database/sqlite/statement.hpp"

namespace bench {

/// Writes values as SQL literals that SQLite reads back to the same bits and the same storage class. The
/// format of a literal is https://www.sqlite.org/lang_expr.html#literal_values_constants_.
class SqliteLiterals {
 public:
  explicit SqliteLiterals(sqlite3* connection);
  /// Appends the column's value of the statement's current row.
  void append(std::string& out, const SqliteStatement& row, int column);

 private:
  void append_real(std::string& out, double value);
  bool reads_back(std::string_view literal, double value);
  SqliteStatement m_parse;
};

}  // namespace bench
