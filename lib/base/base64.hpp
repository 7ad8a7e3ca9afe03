#pragma once

#include <string>
#include <string_view>

namespace bench {

/// RFC 4648, 4, with padding.
std::string to_base64(std::string_view bytes);

}  // namespace bench
