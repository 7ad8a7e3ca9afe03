#include "base/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bench {

std::string to_utf8(std::string text) {
  const bool is_ascii = std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
  if (is_ascii) return text;
  return nlohmann::json::parse(json_text(nlohmann::json(std::move(text)))).get<std::string>();
}

std::string json_text(const nlohmann::json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const nlohmann::ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

nlohmann::json parse_sent_json(std::string_view text) {
  constexpr int deepest = 100;
  struct TooDeep {};
  const auto check = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    if (depth > deepest) throw TooDeep{};
    return true;
  };
  try {
    return nlohmann::json::parse(text, check, false);
  } catch (const TooDeep&) {
    return nlohmann::json::value_t::discarded;
  }
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
