#pragma once

#include <string>
#include <string_view>

namespace bench {

/// Appends the text as a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

}  // namespace bench
