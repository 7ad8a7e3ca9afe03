#include "config/site_config.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/json_scan.hpp"
#include "config/keys.hpp"

namespace bench {

namespace {

/// What the value says without its quotes, if it has any.
std::string unquoted(const std::string& raw) {
  return raw.front() == '"' ? text_of_json_string(raw) : raw;
}

/// Whether an object's members are secret is told by their names; their owner's name does not tell.
bool mask_members(nlohmann::ordered_json& value) {
  bool found = false;
  if (value.is_object()) {
    for (auto& [name, member] : value.items()) {
      const bool is_secret = is_secret_key(name);
      if (is_secret) member = "********";
      found = is_secret || mask_members(member) || found;
    }
  } else if (value.is_array()) {
    for (auto& element : value) found = mask_members(element) || found;
  }
  return found;
}

/// "redis://:password@host" without the password.
std::string mask_url(const std::string& text) {
  const auto scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const auto authority = scheme + 3;
  const auto at = text.substr(0, text.find('/', authority)).rfind('@');
  const auto colon = text.find(':', authority);
  if (at == std::string::npos || at < authority || colon > at) return text;
  return text.substr(0, colon + 1) + "********" + text.substr(at);
}

}  // namespace

SiteConfig SiteConfig::load(const std::filesystem::path& file) {
  std::optional<std::string> text;
  try {
    text = read_file_if_exists(file);
  } catch (const Error& error) {
    throw error.with_kind(Kind::configuration).with_hint("run bench as the owner of the bench folder");
  }
  return text ? parse(std::move(*text), file) : SiteConfig(JsonText::empty(), file);
}

SiteConfig SiteConfig::parse(std::string text, const std::filesystem::path& file) {
  return SiteConfig(JsonText::parse(std::move(text), file), file);
}

std::optional<std::string> SiteConfig::raw(std::string_view key) const {
  const auto value = m_json.value(key);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<std::string> SiteConfig::present(std::string_view key) const {
  auto value = raw(key);
  if (value == "null") value.reset();
  return value;
}

void SiteConfig::refuse(std::string_view key, std::string_view expected) const {
  throw Error(Kind::configuration, fmt::format("{}: '{}' must be {}", m_file.string(), key, expected),
              "correct the value there");
}

std::optional<std::string> SiteConfig::string(std::string_view key) const {
  const auto value = present(key);
  if (!value) return std::nullopt;
  if (value->front() != '"') refuse(key, "text");
  return text_of_json_string(*value);
}

std::optional<std::int64_t> SiteConfig::integer(std::string_view key) const {
  const auto value = present(key);
  if (!value) return std::nullopt;
  const std::string text = unquoted(*value);
  if (text == "true") return 1;
  if (text == "false") return 0;
  const auto number = whole_number(text);
  if (!number) refuse(key, "an integer");
  return number;
}

bool SiteConfig::flag(std::string_view key) const {
  const auto value = present(key);
  if (!value) return false;
  const std::string text = unquoted(*value);
  if (text == "1" || text == "true") return true;
  if (text != "0" && text != "false") refuse(key, "0 or 1");
  return false;
}

std::optional<nlohmann::json> SiteConfig::json(std::string_view key) const {
  const auto value = raw(key);
  return value ? std::optional(nlohmann::json::parse(*value)) : std::nullopt;
}

void SiteConfig::set_string(std::string_view key, std::string_view value) {
  m_json.set(key, json_string_of(value));
}

void SiteConfig::set_integer(std::string_view key, std::int64_t value) {
  m_json.set(key, std::to_string(value));
}

std::string masked(std::string_view key, std::string_view raw_value) {
  if (is_secret_key(key)) return "\"********\"";
  if (raw_value.starts_with('"')) {
    const std::string text = text_of_json_string(raw_value);
    const std::string shown = mask_url(text);
    return shown == text ? std::string(raw_value) : json_string_of(shown);
  }
  if (!raw_value.starts_with('{') && !raw_value.starts_with('[')) return std::string(raw_value);
  auto value = nlohmann::ordered_json::parse(raw_value.begin(), raw_value.end());
  return mask_members(value) ? value.dump(-1, ' ', true) : std::string(raw_value);
}

}  // namespace bench
