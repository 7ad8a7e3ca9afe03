#include "site_choice.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/glob.hpp"

namespace bench::cli {

namespace {

std::vector<std::string> names_for(const BenchFolder& bench, const std::string& word) {
  if (word != "all" && !is_glob(word)) return {word};
  std::vector<std::string> names = bench.site_names();
  if (word != "all") std::erase_if(names, [&](const std::string& name) { return !matches_glob(word, name); });
  if (names.empty()) {
    throw Error(
        Kind::configuration,
        word == "all" ? fmt::format("there is no site in {}", bench.sites_folder().string())
                      : fmt::format("no site in {} matches '{}'", bench.sites_folder().string(), word),
        word == "all" ? "make one: bench new-site NAME" : "bench list-sites shows the sites there are");
  }
  return names;
}

Site site_said_by(const BenchFolder& bench, const std::string& name, const std::string& source) {
  try {
    return bench.site(name);
  } catch (const Error& error) {
    throw error.with_context(source);
  }
}

Site site_of_surroundings(const BenchFolder& bench) {
  const char* environment = std::getenv("FRAPPE_SITE");
  if (environment != nullptr && *environment != '\0') {
    return site_said_by(bench, environment, "FRAPPE_SITE of the environment");
  }
  const auto chosen = bench.common_config().string("default_site");
  if (chosen && !chosen->empty()) {
    return site_said_by(bench, *chosen,
                        fmt::format("default_site in {}", bench.common_config_file().string()));
  }
  throw Error(Kind::usage, "no site is chosen",
              "add --site NAME (bench list-sites shows the sites there are)");
}

}  // namespace

std::vector<Site> choose_sites(const BenchFolder& bench, const std::vector<std::string>& named) {
  std::vector<Site> sites;
  if (named.empty()) {
    sites.push_back(site_of_surroundings(bench));
    return sites;
  }
  for (const std::string& word : named) {
    for (const std::string& name : names_for(bench, word)) {
      const bool is_new =
          std::none_of(sites.begin(), sites.end(), [&](const Site& site) { return site.name() == name; });
      if (is_new) sites.push_back(bench.site(name));
    }
  }
  return sites;
}

}  // namespace bench::cli
