#include "database/postgres/connection.hpp"

namespace bench {

std::vector<Column> PostgresDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  return columns_of(query(
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (NOT a.attnotnull)::int, "
      "(a.atthasdef OR a.attidentity <> '')::int, (a.attgenerated <> '' OR a.attidentity = 'a')::int, "
      "coalesce(a.attnum = ANY (i.indkey), false)::int, pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM "
      "pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND "
      "d.adnum = a.attnum JOIN "
      "pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary WHERE "
      "c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND c.relname = ? AND a.attnum > 0 AND "
      "NOT a.attisdropped ORDER BY a.attnum",
      parameters));
}

}  // namespace bench
