#include "database/sqlite/content.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <optional>

#include "database/dialect.hpp"

namespace bench {

namespace {

SqliteObject::Type type_of(const std::string& type, bool is_virtual) {
  if (type == "table") return is_virtual ? SqliteObject::Type::virtual_table : SqliteObject::Type::table;
  if (type == "index") return SqliteObject::Type::index;
  return type == "view" ? SqliteObject::Type::view : SqliteObject::Type::trigger;
}

struct Column {
  std::string name;
  std::string type;
  int primary_key_position;
  bool is_generated;
};

std::vector<Column> columns_of(sqlite3* connection, const std::string& table) {
  SqliteStatement statement(connection, "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)");
  statement.bind(1, Value(table));
  std::vector<Column> columns;
  while (statement.step())
    columns.push_back({statement.text(0), statement.text(1), static_cast<int>(statement.integer(2)),
                       statement.integer(3) > 1});
  return columns;
}

bool equals_ignoring_case(const std::string& a, const char* b) {
  return strcasecmp(a.c_str(), b) == 0;
}

bool has_rowid(sqlite3* connection, const std::string& table) {
  SqliteStatement statement(connection,
                            "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?");
  statement.bind(1, Value(table));
  return statement.step() && statement.integer(0) == 0;
}

// The name under which a rowid that is no column can be reached; a column of the same name hides it.
std::optional<std::string> hidden_rowid(sqlite3* connection, const std::string& table,
                                        const std::vector<Column>& columns) {
  if (!has_rowid(connection, table)) return std::nullopt;
  const auto keys = std::count_if(columns.begin(), columns.end(),
                                  [](const Column& c) { return c.primary_key_position > 0; });
  for (const Column& column : columns)
    if (keys == 1 && column.primary_key_position == 1 && equals_ignoring_case(column.type, "INTEGER"))
      return std::nullopt;
  for (const char* name : std::array{"rowid", "_rowid_", "oid"})
    if (std::none_of(columns.begin(), columns.end(),
                     [name](const Column& column) { return equals_ignoring_case(column.name, name); }))
      return name;
  return std::nullopt;
}

std::string order_by(const std::vector<Column>& columns) {
  std::vector<Column> keys;
  for (const Column& column : columns)
    if (column.primary_key_position > 0) keys.push_back(column);
  std::sort(keys.begin(), keys.end(),
            [](const Column& a, const Column& b) { return a.primary_key_position < b.primary_key_position; });
  std::vector<std::string> names;
  for (const Column& key : keys) names.push_back(quote_identifier(Dialect::sqlite, key.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::vector<SqliteObject> sqlite_objects(sqlite3* connection) {
  SqliteStatement statement(
      connection,
      "SELECT s.type, s.name, s.tbl_name, s.sql, l.type = 'virtual' FROM sqlite_schema s LEFT JOIN "
      "pragma_table_list l ON s.type = 'table' AND l.schema = 'main' AND l.name = s.name "
      "WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid");
  std::vector<SqliteObject> objects;
  while (statement.step())
    objects.push_back({type_of(statement.text(0), statement.integer(4) != 0), statement.text(1),
                       statement.text(2), statement.text(3)});
  return objects;
}

SqliteRows sqlite_rows(sqlite3* connection, const std::string& table) {
  const std::vector<Column> columns = columns_of(connection, table);
  const std::optional<std::string> rowid = hidden_rowid(connection, table, columns);
  std::vector<std::string> names;
  if (rowid) names.push_back(*rowid);
  for (const Column& column : columns)
    if (!column.is_generated) names.push_back(quote_identifier(Dialect::sqlite, column.name));
  const std::string list = fmt::format("{}", fmt::join(names, ","));
  const std::string quoted = quote_identifier(Dialect::sqlite, table);
  const std::string order = rowid.value_or(order_by(columns));
  return {fmt::format("SELECT {} FROM {}{}", list, quoted, order.empty() ? "" : " ORDER BY " + order),
          fmt::format("INSERT INTO {}({}) VALUES", quoted, list)};
}

}  // namespace bench
