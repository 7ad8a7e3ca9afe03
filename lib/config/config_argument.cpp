#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/error.hpp"
#include "config/json_scan.hpp"
#include "config/keys.hpp"
#include "config/literal.hpp"
#include "config/site_config.hpp"

namespace bench {

namespace {

bool is_integer(std::string_view text) {
  std::int64_t ignored = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ignored);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_flag(std::string_view text) {
  return text == "0" || text == "1" || text == "true" || text == "false";
}

bool has_type(KeyType type, std::string_view json_text) {
  switch (type) {
    case KeyType::integer:
      return is_integer(json_text);
    case KeyType::boolean:
      return is_flag(json_text);
    case KeyType::string:
      return json_text.front() == '"';
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
  const bool is_object = key.type == KeyType::object;
  throw Error(Kind::usage, fmt::format("'{}' must be {}", key.name, expectation(key)),
              is_object ? fmt::format("give a JSON object: bench set-config --parse {} '{{...}}'", key.name)
                        : fmt::format("give {}", expectation(key)));
}

/// As Frappe's set-config reads a value.
std::string untyped(std::string_view argument) {
  return is_flag(argument) ? std::string(argument) : json_string_of(argument);
}

std::string plain(const ConfigKey* key, std::string_view argument) {
  const KeyType type = key == nullptr ? KeyType::any : key->type;
  if (type == KeyType::string) return json_string_of(argument);
  if (type != KeyType::integer || !is_integer(argument)) return untyped(argument);
  std::int64_t number = 0;
  std::from_chars(argument.data(), argument.data() + argument.size(), number);
  return std::to_string(number);  // without the leading zeros that JSON refuses
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
