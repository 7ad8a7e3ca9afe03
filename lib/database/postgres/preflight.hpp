#pragma once

#include <string>
#include <vector>

#include "database/backend.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

/// `database` works with its account's own rights. See Fence::preflight.
std::vector<std::string> postgres_preflight(const SiteDatabase& site, PostgresDatabase& database);

}  // namespace bench
