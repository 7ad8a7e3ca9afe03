#pragma once

#include <string>
#include <string_view>

namespace bench {

/// The text with a backslash before each of the `special` characters; a grammar that escapes so has the
/// backslash itself among them.
std::string backslashed(std::string_view text, std::string_view special);

}  // namespace bench
