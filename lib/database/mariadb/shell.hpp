#pragma once

#include "database/backend.hpp"

namespace bench {

/// See Backend::shell.
Shell mariadb_shell(const ConnectionSettings& settings);

}  // namespace bench
