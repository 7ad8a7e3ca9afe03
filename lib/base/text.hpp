#pragma once

#include <string>
#include <string_view>

namespace bench {

/// ASCII letters only; everything else stays.
std::string lower_case(std::string_view text);

/// Without the `blanks` at both ends.
std::string_view trimmed(std::string_view text, std::string_view blanks);

/// Takes what stands before the separator, and the separator, off the front of `text`; where there is none,
/// all of it.
std::string_view take_until(std::string_view& text, char separator);

}  // namespace bench
