#pragma once

#include <string>

namespace bench {

/// What this machine calls itself; it tells hosts apart that share a database server.
std::string host_name();

}  // namespace bench
