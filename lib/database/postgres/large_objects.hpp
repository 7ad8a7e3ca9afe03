#pragma once

#include <string>

#include "database/postgres/connection.hpp"

namespace bench {

/// A dump names no owner, so what was loaded into `scratch` has the loader's. Gives each large object the
/// owner and the rights that the one of its number has in `live`; where there is none, the owner becomes
/// `app`, as of those that it makes itself. Where the account of `scratch` may not give them away, the owner
/// gets the rights to read and to write.
void hand_over_large_objects(PostgresDatabase& live, PostgresDatabase& scratch, const std::string& app);

}  // namespace bench
