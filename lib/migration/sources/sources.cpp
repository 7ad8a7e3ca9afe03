#include "migration/sources/sources.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/error.hpp"

namespace bench {

namespace fs = std::filesystem;

void refuse_migration(const fs::path& file, std::string_view message, std::string hint) {
  throw Error(Kind::configuration, fmt::format("{}: {}", file.string(), message), std::move(hint));
}

std::optional<fs::path> patch_folder_of(const App& app, Dialect dialect) {
  if (app.patch_folders.empty()) return std::nullopt;
  const fs::path& origin = app.manifest.empty() ? app.folder : app.manifest;
  std::optional<fs::path> folder = app.patch_folder(name(dialect));
  if (!folder)
    refuse_migration(origin, fmt::format("the app {} has no patches for {}", app.name, name(dialect)),
                     fmt::format("name their folder there under patches: path: {}", name(dialect)));
  return folder;
}

// The system's own call: an iterator makes a path of each entry, which takes longer than to read its file.
std::vector<std::string> visible_names(const fs::path& folder) {
  struct Close {
    void operator()(DIR* listing) const { closedir(listing); }
  };
  const std::unique_ptr<DIR, Close> listing(opendir(folder.c_str()));
  std::vector<std::string> names;
  while (listing) {
    errno = 0;
    const dirent* entry = readdir(listing.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  if (errno != 0)
    refuse_migration(folder,
                     fmt::format("the folder of the patches cannot be read: {}",
                                 std::error_code(errno, std::generic_category()).message()),
                     {});
  std::ranges::sort(names);
  return names;
}

std::vector<fs::path> visible_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const std::string& name : visible_names(folder)) entries.push_back(folder / name);
  return entries;
}

std::optional<Version> Version::parse(std::string_view text) {
  Version version;
  while (true) {
    const std::size_t end = std::min(text.find_first_of("._"), text.size());
    std::string_view part = text.substr(0, end);
    if (part.empty() || part.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
    version.m_parts.emplace_back(part.size(), part);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  while (!version.m_parts.empty() && version.m_parts.back().first == 0) version.m_parts.pop_back();
  return version;
}

Patch read_numbered_patch(const fs::path& file, std::string id, const App& app) {
  Patch patch = read_patch_file(file);
  patch.app = app.name;
  patch.log_key = app.name + "." + id;
  patch.id = std::move(id);
  return patch;
}

std::vector<Patch> read_in_order(std::vector<VersionedFile> files, const App& app) {
  std::stable_sort(files.begin(), files.end(), [](const VersionedFile& left, const VersionedFile& right) {
    return left.version < right.version;
  });
  const auto same = std::adjacent_find(
      files.begin(), files.end(),
      [](const VersionedFile& left, const VersionedFile& right) { return left.version == right.version; });
  if (same != files.end())
    refuse_migration((same + 1)->file,
                     fmt::format("it has the same version as {}", same->file.filename().string()),
                     "give one of them another number");
  std::vector<Patch> patches;
  for (VersionedFile& file : files)
    patches.push_back(read_numbered_patch(file.file, std::move(file.id), app));
  return patches;
}

Variant variant_of(std::string_view file_name) {
  Variant variant{std::string(file_name.substr(0, file_name.size() - std::string_view(".sql").size())),
                  std::nullopt};
  const std::size_t dot = variant.stem.rfind('.');
  if (dot == std::string::npos) return variant;
  for (const Dialect dialect : {Dialect::mariadb, Dialect::postgres, Dialect::sqlite}) {
    if (std::string_view(variant.stem).substr(dot + 1) != name(dialect)) continue;
    variant.stem.resize(dot);
    variant.dialect = dialect;
    break;
  }
  return variant;
}

Patch patch_without_variant(const fs::path& other, Dialect dialect) {
  Patch patch;
  patch.kind = PatchKind::unsupported;
  patch.file = other.string();
  patch.problem = fmt::format("{}: the patch has no variant for {}", other.string(), name(dialect));
  patch.hint =
      fmt::format("write {}.{}.sql beside it", variant_of(other.filename().string()).stem, name(dialect));
  return patch;
}

}  // namespace bench
