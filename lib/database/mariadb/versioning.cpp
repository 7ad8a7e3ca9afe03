#include "database/mariadb/versioning.hpp"

#include <fmt/format.h>

namespace bench {

namespace {

// A table that names no columns for it has two that nobody sees.
MariadbPeriod period_of(MariadbDatabase& database, const std::string& table) {
  MariadbPeriod period{.start = "row_start", .end = "row_end"};
  const std::vector<Value> name{table};
  for (const Row& row :
       database.query("SELECT COLUMN_NAME, DATA_TYPE, GENERATION_EXPRESSION FROM information_schema.COLUMNS "
                      "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND GENERATION_EXPRESSION IN "
                      "('ROW START', 'ROW END')",
                      name)) {
    (to_text(row[2]) == "ROW START" ? period.start : period.end) = to_text(row[0]);
    period.is_of_transactions = to_text(row[1]) == "bigint";
  }
  return period;
}

}  // namespace

std::map<std::string, MariadbPeriod> mariadb_periods(MariadbDatabase& database) {
  std::map<std::string, MariadbPeriod> periods;
  for (const Row& row :
       database.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "
                      "TABLE_TYPE = 'SYSTEM VERSIONED'"))
    periods.emplace(to_text(row[0]), period_of(database, to_text(row[0])));
  return periods;
}

bool takes_history(MariadbDatabase& database) {
  return !database.query(fmt::format("SHOW VARIABLES LIKE '{}'", history_setting)).empty();
}

}  // namespace bench
