#pragma once

#include <string>
#include <vector>

#include "database/postgres/connection.hpp"

namespace bench {

/// See Exporter::restore_limits.
std::vector<std::string> postgres_restore_limits(PostgresDatabase& database);

}  // namespace bench
