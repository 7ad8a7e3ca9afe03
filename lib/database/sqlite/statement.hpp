#pragma once

#include <sqlite3.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "database/value.hpp"

namespace bench {

/// Translates what SQLite says of its last error on the connection: busy, interrupted, database (the file is
/// broken, full or cannot be read) or statement.
Error sqlite_error(sqlite3* connection, int code, std::string_view statement);

/// A prepared statement.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* connection, std::string_view sql);
  void bind(std::span<const Value> parameters);
  void bind(int index, const Value& value);
  /// Whether there is a row to read.
  bool step();
  void reset();
  /// False for text that holds only comments: then there is nothing to step.
  explicit operator bool() const { return m_statement != nullptr; }

  sqlite3_stmt* handle() const { return m_statement.get(); }
  int columns() const { return sqlite3_column_count(m_statement.get()); }
  /// Valid until the next step.
  ValueView value(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(m_statement.get(), column); }
  /// The bytes of a text or blob; valid until the next step.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::string_view bytes(int column, int type) const;
  sqlite3* m_connection;
  std::string m_sql;
  std::unique_ptr<sqlite3_stmt, Finalize> m_statement;
};

}  // namespace bench
