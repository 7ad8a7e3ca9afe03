#include "database/mariadb/connection.hpp"

#include <algorithm>
#include <array>

namespace bench {

namespace {

// PostgreSQL writes types of these names as text, MariaDB as bytes.
bool holds_bytes(std::string_view declared) {
  constexpr std::array types{"bit",        "point",           "linestring",   "polygon",           "geometry",
                             "multipoint", "multilinestring", "multipolygon", "geometrycollection"};
  return std::ranges::find(types, declared.substr(0, declared.find('('))) != types.end();
}

}  // namespace

std::vector<Column> MariadbDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  std::vector<Column> columns = columns_of(
      query("SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', "
            "coalesce(c.COLUMN_DEFAULT, 'NULL') <> 'NULL' OR c.EXTRA LIKE '%auto_increment%', c.IS_GENERATED "
            "= 'ALWAYS', "
            "c.COLUMN_KEY = 'PRI', nullif(c.COLUMN_DEFAULT, 'NULL') FROM information_schema.COLUMNS c JOIN "
            "information_schema.TABLES t ON "
            "t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = "
            "DATABASE() AND c.TABLE_NAME = ? AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY "
            "c.ORDINAL_POSITION",
            parameters));
  // A column that was declared JSON is a LONGTEXT with this check.
  for (const Row& json :
       query("SELECT CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = "
             "DATABASE() AND TABLE_NAME = ? AND LEVEL = 'Column' AND CHECK_CLAUSE = CONCAT('json_valid(`', "
             "REPLACE(CONSTRAINT_NAME, '`', '``'), '`)')",
             parameters)) {
    const auto column = std::ranges::find(columns, to_text(json[0]), &Column::name);
    if (column == columns.end() || column->declared != "longtext") continue;
    column->declared = "json";
    column->type = ColumnType::json;
  }
  for (Column& column : columns)
    if (holds_bytes(column.declared)) column.type = ColumnType::binary;
  return columns;
}

}  // namespace bench
