#pragma once

#include "database/backend.hpp"

namespace bench {

std::vector<std::string> postgres_preflight(const SiteDatabase& site, Database& database);

}  // namespace bench
