#include "database/mariadb/connection.hpp"

namespace bench {

std::vector<Column> MariadbDatabase::columns(std::string_view table) {
  const std::vector<Value> parameters{std::string(table)};
  return columns_of(
      query("SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', "
            "coalesce(c.COLUMN_DEFAULT, 'NULL') <> 'NULL' OR c.EXTRA LIKE '%auto_increment%', c.IS_GENERATED "
            "= 'ALWAYS', "
            "c.COLUMN_KEY = 'PRI' FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON "
            "t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE c.TABLE_SCHEMA = "
            "DATABASE() AND c.TABLE_NAME = ? AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY "
            "c.ORDINAL_POSITION",
            parameters));
}

}  // namespace bench
