#include "site/site.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace bench {

namespace {

bool is_list_of_text(const nlohmann::json& value) {
  if (!value.is_array()) return false;
  for (const auto& element : value) {
    if (!element.is_string()) return false;
  }
  return true;
}

}  // namespace

Site::Site(std::filesystem::path bench, std::filesystem::path folder)
    : m_bench(std::move(bench)), m_folder(std::move(folder)), m_name(m_folder.filename().string()) {}

ConfigLocks Site::config_locks() const {
  return {m_folder / "locks" / "site_config.lock", m_folder / ".site_config.json.lock"};
}

LayeredConfig Site::config() const {
  return LayeredConfig::load(m_bench / "sites" / "common_site_config.json", config_file());
}

bool Site::edit_config(const std::function<void(SiteConfig&)>& change) const {
  return bench::edit_config(config_file(), config_locks(), change);
}

std::vector<std::string> Site::installed_apps() const {
  std::vector<std::string> result = {"core"};
  const auto installed = SiteConfig::load(config_file()).json("installed_apps");
  if (!installed || installed->is_null()) return result;
  if (!is_list_of_text(*installed)) {
    throw Error(Kind::configuration,
                fmt::format("{}: 'installed_apps' must be a list of names", config_file().string()),
                "correct the value there");
  }
  for (const auto& app : *installed) {
    auto name = app.get<std::string>();
    if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(std::move(name));
  }
  return result;
}

}  // namespace bench
