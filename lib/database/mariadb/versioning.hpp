#pragma once

#include <map>
#include <string>
#include <string_view>

#include "database/mariadb/connection.hpp"

namespace bench {

/// The columns that say from when until when each row of a table with system versioning holds.
struct MariadbPeriod {
  std::string start, end;
  /// The table is versioned by the numbers of transactions, which mean nothing in another database.
  bool is_of_transactions = false;
};

/// Of the tables of the connection's database that have system versioning, by their names.
std::map<std::string, MariadbPeriod> mariadb_periods(MariadbDatabase& database);

/// Whether the server lets a session write rows of the past, with system_versioning_insert_history (since
/// 10.11).
bool takes_history(MariadbDatabase& database);

inline constexpr std::string_view history_setting = "system_versioning_insert_history";

/// Whether backups hold the rows of the past too, or only those of the present.
enum class MariadbHistory { held, left_out };

}  // namespace bench
