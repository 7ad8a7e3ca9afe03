#pragma once

#include <string_view>

namespace bench {

/// Whether `text` matches the shell pattern (fnmatch(3): `*`, `?`, `[...]`).
bool matches_glob(std::string_view pattern, std::string_view text);
/// Whether the text holds any of the pattern characters.
bool is_glob(std::string_view text);

}  // namespace bench
