#pragma once

#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// See Exporter::restore_limits.
std::vector<std::string> mariadb_restore_limits(MariadbDatabase& database);

}  // namespace bench
