#pragma once

#include "database/backend.hpp"

namespace bench {

/// PostgreSQL through libpqxx: one database of a server that other sites share.
const Backend& postgres_backend();

}  // namespace bench
