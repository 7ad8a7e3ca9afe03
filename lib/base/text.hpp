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

/// The text as one word of a shell's command line: quoted where it must be.
std::string shell_word(std::string_view text);

/// Where the character of UTF-8 begins that holds the byte at `at`: text is cut there and no character apart.
/// At the end of the text, and in bytes that are no UTF-8, `at` itself.
std::size_t character_begin(std::string_view text, std::size_t at);

}  // namespace bench
