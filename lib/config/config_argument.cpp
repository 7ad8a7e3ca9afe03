#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/json_scan.hpp"
#include "config/keys.hpp"
#include "config/literal.hpp"
#include "config/site_config.hpp"

namespace bench {

namespace {

std::optional<std::int64_t> count_of(std::string_view text) {
  const auto number = whole_number(text);
  return number && *number >= 0 ? number : std::nullopt;
}

bool is_port(std::string_view text) {
  constexpr std::int64_t last = 65535;
  const auto number = count_of(text);
  return number && *number > 0 && *number <= last;
}

bool is_list_of_names(std::string_view json_text) {
  const auto list = nlohmann::json::parse(json_text);
  return list.is_array() && std::ranges::all_of(list, [](const auto& name) { return name.is_string(); });
}

bool is_flag(std::string_view text) {
  return text == "0" || text == "1" || text == "true" || text == "false";
}

bool has_type(KeyType type, std::string_view json_text) {
  switch (type) {
    case KeyType::integer:
      return count_of(json_text).has_value();
    case KeyType::port:
      return is_port(json_text);
    case KeyType::boolean:
      return is_flag(json_text);
    case KeyType::string:
      return json_text.front() == '"';
    case KeyType::names:
      return is_list_of_names(json_text);
    case KeyType::object:
      return json_text.front() == '{';
    case KeyType::any:
      return true;
  }
  return false;
}

bool has_allowed_value(const ConfigKey& key, std::string_view json_text) {
  if (key.values.empty()) return true;
  const std::string text = text_of_json_string(json_text);
  return std::find(key.values.begin(), key.values.end(), text) != key.values.end();
}

void check(const ConfigKey& key, std::string_view json_text) {
  const bool fits =
      json_text == "null" || (has_type(key.type, json_text) && has_allowed_value(key, json_text));
  if (fits) return;
  std::string hint = fmt::format("give {}", expectation(key));
  if (key.type == KeyType::object)
    hint = fmt::format("give a JSON object: bench set-config --parse {} '{{...}}'", key.name);
  if (key.type == KeyType::names)
    hint = fmt::format("give a JSON list: bench set-config --parse {} '[\"name\"]'", key.name);
  throw Error(Kind::usage, fmt::format("'{}' must be {}", key.name, expectation(key)), std::move(hint));
}

/// As Frappe's set-config reads a value.
std::string untyped(std::string_view argument) {
  return is_flag(argument) ? std::string(argument) : json_string_of(argument);
}

std::string plain(const ConfigKey* key, std::string_view argument) {
  const KeyType type = key == nullptr ? KeyType::any : key->type;
  if (type == KeyType::string) return json_string_of(argument);
  const bool is_number = type == KeyType::integer || type == KeyType::port;
  const auto number = is_number ? count_of(argument) : std::nullopt;
  // Without the leading zeros that JSON refuses.
  return number ? std::to_string(*number) : untyped(argument);
}

}  // namespace

std::optional<std::string> config_value_from_argument(std::string_view key, std::string_view argument,
                                                      ValueSyntax syntax) {
  if (syntax == ValueSyntax::plain && argument == "None") return std::nullopt;
  const ConfigKey* known = find_config_key(key);
  std::string value = syntax == ValueSyntax::plain ? plain(known, argument) : json_of_literal(argument);
  if (known != nullptr) check(*known, value);
  return value;
}

}  // namespace bench
