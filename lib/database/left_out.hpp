#pragma once

#include <string>

#include "database/dialect.hpp"

namespace bench {

/// What of a part of a database was not loaded, because it needs something that the part does not hold.
struct LeftOut {
  std::string table;      ///< as TableSummary names it, when it is a table itself
  std::string statement;  ///< its beginning
};

LeftOut left_out(const std::string& statement, Dialect dialect);

}  // namespace bench
