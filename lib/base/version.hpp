#pragma once

#include <string_view>

namespace bench {

/// The version of bench, such as "0.1.0".
std::string_view version();

}  // namespace bench
