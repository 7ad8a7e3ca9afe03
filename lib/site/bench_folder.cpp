#include "site/bench_folder.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/suggestion.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> layout = {"apps", "config", "logs", "sites"};

/// A path that cannot be looked at does not exist for us, unless it is the one that was asked for.
bool is_bench(const fs::path& folder) {
  std::error_code ignored;
  const fs::path sites = folder / "sites";
  return fs::is_regular_file(sites / "common_site_config.json", ignored) ||
         fs::is_regular_file(sites / "apps.txt", ignored);
}

fs::path absolute_path(const fs::path& path) {
  std::error_code error;
  // Behind a link ".." leads elsewhere than its words say: then the file system has to be asked.
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  const fs::path result =
      climbs ? fs::weakly_canonical(path, error) : fs::absolute(path, error).lexically_normal();
  if (error) throw system_error(fmt::format("cannot find '{}'", path.string()), error.value());
  return result.has_filename() ? result : result.parent_path();
}

fs::path bench_above(const fs::path& start) {
  for (fs::path folder = absolute_path(start);; folder = folder.parent_path()) {
    if (is_bench(folder)) return folder;
    if (folder == folder.parent_path()) break;
  }
  throw Error(Kind::configuration, fmt::format("there is no bench in or above '{}'", start.string()),
              "name its folder with --bench DIR");
}

fs::directory_iterator entries_of(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator result(folder, error);
  if (error) throw system_error(fmt::format("cannot list '{}'", folder.string()), error.value());
  return result;
}

/// What an interrupted `create` leaves, empty folders of the layout, counts as empty: it can be run again.
bool holds_nothing_of_others(const fs::path& folder) {
  for (const auto& entry : entries_of(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = std::find(layout.begin(), layout.end(), name) != layout.end();
    if (!is_ours || entry.is_symlink() || !entry.is_directory()) return false;
    if (entries_of(entry.path()) != fs::directory_iterator()) return false;
  }
  return true;
}

bool could_be_site_name(const std::string& name) {
  try {
    check_site_name(name);
  } catch (const Error&) {
    return false;
  }
  return true;
}

/// A folder that we may not look into counts when its name could be a site's: what is done with it then
/// fails, and says why, which is better than to pass over a site in silence.
bool is_site(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (name.empty() || name.front() == '.') return false;
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(folder, error))) return false;
  const fs::file_status config = fs::status(folder / "site_config.json", error);
  if (error == std::errc::permission_denied) return could_be_site_name(name);
  return fs::is_regular_file(config);
}

}  // namespace

BenchFolder BenchFolder::find(const std::optional<fs::path>& explicit_folder, const fs::path& start) {
  if (!explicit_folder) return BenchFolder(bench_above(start));
  const fs::path folder = absolute_path(*explicit_folder);
  if (is_bench(folder)) return BenchFolder(folder);
  throw Error(
      Kind::configuration,
      fmt::format("'{}' is not a bench: it has no sites/common_site_config.json and no sites/apps.txt",
                  explicit_folder->string()),
      fmt::format("make it one with 'bench init {}'", explicit_folder->string()));
}

BenchFolder BenchFolder::create(const fs::path& folder) {
  BenchFolder result(absolute_path(folder));
  if (is_bench(result.path())) {
    throw Error(Kind::usage, fmt::format("'{}' is a bench already", folder.string()),
                "choose another folder");
  }
  make_folders(result.path());
  if (!holds_nothing_of_others(result.path())) {
    throw Error(Kind::usage, fmt::format("'{}' is not empty", folder.string()), "choose a new folder");
  }
  for (const char* name : layout) make_folders(result.path() / name);
  write_file_atomically(result.common_config_file(), "{}");
  write_file_atomically(result.sites_folder() / "apps.txt", "", 0644);
  return result;
}

ConfigLocks BenchFolder::common_config_locks() const {
  return {m_path / "config" / "site_config.lock", sites_folder() / ".common_site_config.json.lock"};
}

std::vector<std::string> BenchFolder::site_names() const {
  std::vector<std::string> result;
  for (const auto& entry : entries_of(sites_folder())) {
    if (is_site(entry.path())) result.push_back(entry.path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

bool BenchFolder::has_site(const std::string& name) const {
  return name.find('/') == std::string::npos && name.find('\0') == std::string::npos &&
         is_site(sites_folder() / name);
}

Site BenchFolder::site(const std::string& name) const {
  if (has_site(name)) return Site(m_path, sites_folder() / name);
  std::string hint = did_you_mean(name, site_names());
  if (hint.empty()) hint = "see which sites there are with 'bench list-sites'";
  throw Error(Kind::configuration, fmt::format("there is no site '{}' in {}", name, sites_folder().string()),
              std::move(hint));
}

std::vector<std::string> BenchFolder::listed_apps() const {
  std::vector<std::string> result;
  std::istringstream lines(read_file_if_exists(sites_folder() / "apps.txt").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::string name(trimmed(line, " \t\r"));
    if (!name.empty() && name.front() != '#') result.push_back(std::move(name));
  }
  return result;
}

void check_site_name(const std::string& name) {
  constexpr std::size_t longest = 100;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  const auto refuse = [&name](std::string_view why) {
    throw Error(Kind::usage, fmt::format("'{}' cannot be a site's name: {}", name, why),
                "choose a name such as 'shop.example.com'");
  };
  if (name.empty()) refuse("it is empty");
  if (name.size() > longest) refuse(fmt::format("it is longer than {} characters", longest));
  if (name.find_first_not_of(allowed) != std::string::npos) {
    refuse("only letters, digits, '.', '-' and '_' are allowed");
  }
  if (name.front() == '.' || name.front() == '-') refuse("it must begin with a letter, a digit or '_'");
  if (name.find("..") != std::string::npos) refuse("it must not hold '..'");
  if (name == "all") refuse("it stands for all sites");
  if (name == "assets") refuse("Frappe keeps that folder for itself");
}

}  // namespace bench
