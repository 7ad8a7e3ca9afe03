#include "database/postgres/connection.hpp"

namespace bench {

std::vector<Column> PostgresDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  std::vector<Column> columns;
  for (const Row& row : query(
           "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (NOT a.attnotnull)::int, "
           "(a.atthasdef OR a.attidentity <> '')::int, (a.attgenerated <> '' OR a.attidentity = 'a')::int, "
           "coalesce(a.attnum = ANY (i.indkey), false)::int FROM pg_catalog.pg_attribute a JOIN "
           "pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
           "c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary WHERE "
           "c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND c.relname = ? AND a.attnum > 0 AND "
           "NOT a.attisdropped ORDER BY a.attnum",
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
