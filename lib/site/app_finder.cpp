#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/suggestion.hpp"
#include "site/app.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

bool is_app_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "app.yaml", ignored) ||
         fs::is_regular_file(folder / "patches.txt", ignored);
}

/// Names come from outside: none may lead to another folder.
bool could_be_app_name(const std::string& name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  return !name.empty() && name.find_first_not_of(allowed) == std::string::npos && name.front() != '-';
}

void add_folder_names(const fs::path& folder, std::set<std::string>& names) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw system_error(fmt::format("cannot list '{}'", folder.string()), error.value());
  }
}

}  // namespace

AppFinder::AppFinder(fs::path bench, fs::path installed_schema)
    : m_bench(std::move(bench)), m_installed_schema(std::move(installed_schema)) {}

fs::path AppFinder::installed_schema() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) throw system_error("cannot find the running program", error.value());
  return program.parent_path().parent_path() / "share" / "bench" / "schema";
}

std::optional<fs::path> AppFinder::folder_of(const std::string& name) const {
  if (!could_be_app_name(name)) return std::nullopt;
  const std::array<fs::path, 4> places = {m_bench / "apps" / name, m_bench / "apps" / name / name,
                                          m_bench / "schema" / name, m_installed_schema / name};
  const auto found = std::find_if(places.begin(), places.end(), is_app_folder);
  return found == places.end() ? std::nullopt : std::optional(*found);
}

std::optional<App> AppFinder::find(const std::string& name) const {
  const auto folder = folder_of(name);
  return folder ? std::optional(read_app(name, *folder)) : std::nullopt;
}

App AppFinder::get(const std::string& name) const {
  if (auto app = find(name)) return std::move(*app);
  std::string hint = did_you_mean(name, available());
  if (hint.empty()) hint = fmt::format("put the app into {}", (m_bench / "apps").string());
  throw Error(Kind::configuration, fmt::format("there is no app '{}'", name), std::move(hint));
}

std::vector<std::string> AppFinder::available() const {
  std::set<std::string> names;
  for (const fs::path& folder : {m_bench / "apps", m_bench / "schema", m_installed_schema}) {
    add_folder_names(folder, names);
  }
  std::erase_if(names, [this](const std::string& name) { return !folder_of(name); });
  return {names.begin(), names.end()};
}

}  // namespace bench
