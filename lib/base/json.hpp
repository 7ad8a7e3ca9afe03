#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace bench {

/// The text as UTF-8: U+FFFD stands in place of bytes that are none.
std::string to_utf8(std::string text);

/// JSON as text; bytes that are no UTF-8 become U+FFFD instead of an exception. Without an indentation it is
/// one line, without its end.
std::string json_text(const nlohmann::json& value, int indent = -1);
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);

/// JSON that somebody sent; `discarded` where it is none, or is nested deeper than a hundred levels: what
/// walks through it calls itself for each.
nlohmann::json parse_sent_json(std::string_view text);

/// Appends the text as a JSON string, quotes included, without a tree of it.
void append_json_text(std::string& out, std::string_view text);

}  // namespace bench
