#include "base/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bench {

void append_json_text(std::string& out, std::string_view text) {
  // Most text is plain, and copied as it stands.
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (is_plain)
    out.append(1, '"').append(text).append(1, '"');
  else
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace bench
