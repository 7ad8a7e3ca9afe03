#pragma once

#include <string>
#include <vector>

#include "database/sqlite/statement.hpp"

namespace bench {

/// One entry of sqlite_schema that a dump must hold, in the order of their making.
struct SqliteObject {
  enum class Type { table, virtual_table, index, view, trigger };
  Type type;
  std::string name;
  std::string table;  ///< the table that an index or trigger belongs to
  std::string sql;
};

/// All objects but SQLite's own (sqlite_sequence, sqlite_stat, automatic indexes).
std::vector<SqliteObject> sqlite_objects(sqlite3* connection);

/// How a table's rows are read and written back.
struct SqliteRows {
  std::string select;  ///< in the order of the primary key or rowid
  std::string insert;  ///< up to and with VALUES
};
/// Generated columns are left out; the rowid is kept wherever it is not a column already.
SqliteRows sqlite_rows(sqlite3* connection, const std::string& table);

}  // namespace bench
