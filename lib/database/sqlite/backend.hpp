#pragma once

#include "database/backend.hpp"

namespace bench {

/// SQLite in WAL mode, embedded: the database is one file of the site.
const Backend& sqlite_backend();

}  // namespace bench
