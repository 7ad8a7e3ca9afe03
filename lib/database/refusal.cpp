#include "database/refusal.hpp"

#include <algorithm>
#include <array>

namespace bench {

namespace {

// MariaDB: https://mariadb.com/kb/en/mariadb-error-codes/, on a database, for an account, on a table, on a
// column, for want of a global right, on a routine. Its SQLSTATE is that of any wrong statement.
constexpr std::array denied_errors{1044, 1045, 1142, 1143, 1227, 1370};
constexpr int server_is_read_only = 1290;

// PostgreSQL, and MariaDB in a transaction.
constexpr std::string_view insufficient_privilege_state = "42501", read_only_transaction = "25006";

}  // namespace

bool lacks_right(const Error& error) {
  return error.sqlstate() == insufficient_privilege_state ||
         std::ranges::find(denied_errors, error.database_error()) != denied_errors.end();
}

bool is_refused_write(const Error& error) {
  return lacks_right(error) || error.sqlstate() == read_only_transaction ||
         error.sqlstate().starts_with("SQLITE_READONLY") || error.database_error() == server_is_read_only;
}

}  // namespace bench
