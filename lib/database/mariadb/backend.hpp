#pragma once

#include "database/backend.hpp"

namespace bench {

/// MariaDB with InnoDB tables. MySQL is not promised.
const Backend& mariadb_backend();

}  // namespace bench
