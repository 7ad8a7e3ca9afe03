#include "base/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bench {

std::string json_text(const nlohmann::json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void append_json_text(std::string& out, std::string_view text) {
  // Most text is plain, and copied as it stands.
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (is_plain)
    out.append(1, '"').append(text).append(1, '"');
  else
    out += json_text(nlohmann::json(text));
}

}  // namespace bench
