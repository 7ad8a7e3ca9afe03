#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "config/site_config.hpp"

namespace bench {

namespace {

struct Variable {
  const char* name;
  const char* key;
};
constexpr std::array<Variable, 7> variables = {{{"FRAPPE_DB_TYPE", "db_type"},
                                                {"FRAPPE_DB_SOCKET", "db_socket"},
                                                {"FRAPPE_DB_HOST", "db_host"},
                                                {"FRAPPE_DB_PORT", "db_port"},
                                                {"FRAPPE_DB_USER", "db_user"},
                                                {"FRAPPE_DB_PASSWORD", "db_password"},
                                                {"FRAPPE_DB_NAME", "db_name"}}};

SiteConfig empty_config(const char* origin) {
  return SiteConfig::parse("{}", origin);
}

SiteConfig config_of(const std::map<std::string, std::string>& environment) {
  SiteConfig result = empty_config("the environment (FRAPPE_DB_*)");
  for (const auto& [variable, key] : variables) {
    const auto found = environment.find(variable);
    // Frappe, too, takes an empty variable for none.
    if (found != environment.end() && !found->second.empty()) result.set_string(key, found->second);
  }
  return result;
}

std::optional<std::int64_t> usual_port(std::string_view db_type) {
  if (db_type == "mariadb") return 3306;
  if (db_type == "postgres") return 5432;
  return std::nullopt;
}

}  // namespace

LayeredConfig::LayeredConfig(SiteConfig common, SiteConfig site,
                             const std::map<std::string, std::string>& environment)
    : m_common(std::move(common)),
      m_site(std::move(site)),
      m_environment(config_of(environment)),
      m_defaults(empty_config("the defaults")) {
  m_defaults.set_string("db_type", "mariadb");
  m_defaults.set_string("db_host", "127.0.0.1");
  if (const auto port = usual_port(string("db_type").value_or(""))) m_defaults.set_integer("db_port", *port);
  if (const auto name = string("db_name")) m_defaults.set_string("db_user", *name);
}

LayeredConfig LayeredConfig::load(const std::filesystem::path& common_file,
                                  const std::filesystem::path& site_file) {
  std::map<std::string, std::string> environment;
  for (const auto& variable : variables) {
    if (const char* value = std::getenv(variable.name)) environment[variable.name] = value;
  }
  return LayeredConfig(SiteConfig::load(common_file), SiteConfig::load(site_file), environment);
}

const SiteConfig& LayeredConfig::layer_of(std::string_view key) const {
  // A null in the site's file hides the common value, and then leaves the place to the default.
  for (const SiteConfig* layer : {&m_environment, &m_site, &m_common}) {
    if (!layer->has(key)) continue;
    return layer->raw(key) == "null" && m_defaults.has(key) ? m_defaults : *layer;
  }
  return m_defaults;
}

std::vector<std::string> LayeredConfig::keys() const {
  std::vector<std::string> result;
  for (const SiteConfig* layer : {&m_common, &m_site, &m_environment}) {
    for (auto& key : layer->keys()) {
      if (std::find(result.begin(), result.end(), key) == result.end()) result.push_back(std::move(key));
    }
  }
  return result;
}

std::optional<std::string> LayeredConfig::raw(std::string_view key) const {
  return layer_of(key).raw(key);
}
std::optional<std::string> LayeredConfig::string(std::string_view key) const {
  return layer_of(key).string(key);
}
std::optional<std::int64_t> LayeredConfig::integer(std::string_view key) const {
  return layer_of(key).integer(key);
}
bool LayeredConfig::flag(std::string_view key) const {
  return layer_of(key).flag(key);
}
std::optional<nlohmann::json> LayeredConfig::json(std::string_view key) const {
  return layer_of(key).json(key);
}

}  // namespace bench
