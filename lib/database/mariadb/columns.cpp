#include "database/mariadb/connection.hpp"

namespace bench {

std::vector<Column> MariadbDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  std::vector<Column> columns;
  for (const Row& row : query(
           "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', "
           "coalesce(c.COLUMN_DEFAULT, 'NULL') <> 'NULL' OR c.EXTRA LIKE '%auto_increment%', c.IS_GENERATED "
           "= 'ALWAYS', "
           "c.COLUMN_KEY = 'PRI' FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON "
           "t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = "
           "DATABASE() AND c.TABLE_NAME = ? AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY "
           "c.ORDINAL_POSITION",
           parameters)) {
    Column column{.name = to_text(row[0]), .declared = to_text(row[1])};
    column.type = column_type(column.declared);
    column.max_length = declared_length(column.declared);
    column.nullable = to_integer(row[2]) != 0;
    column.has_default = to_integer(row[3]) != 0;
    column.is_generated = to_integer(row[4]) != 0;
    column.in_primary_key = to_integer(row[5]) != 0;
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace bench
