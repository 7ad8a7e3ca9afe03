#include <algorithm>

#include "migration/sources/sources.hpp"

namespace bench {

namespace {

/// Diesel's version: what stands before the first '_', without dashes.
std::optional<Version> version_of(std::string_view folder_name) {
  std::string version(folder_name.substr(0, folder_name.find('_')));
  version.erase(std::remove(version.begin(), version.end(), '-'), version.end());
  return Version::parse(version);
}

/// Diesel: a folder `<version>_<title>` each, in which `up.sql` is the migration and `down.sql` is not run.
class Diesel : public PatchSource {
 public:
  std::vector<Patch> read(const App& app, Dialect dialect) const override {
    std::vector<VersionedFile> files;
    const std::optional<std::filesystem::path> folder = patch_folder_of(app, dialect);
    if (!folder) return {};
    for (const std::filesystem::path& entry : visible_entries(*folder)) {
      if (!std::filesystem::is_directory(entry)) continue;
      const std::string entry_name = entry.filename().string();
      const std::optional<Version> version = version_of(entry_name);
      if (!version)
        refuse_migration(entry, "a Diesel migration is a folder named like 2024-01-31-120000_title",
                         "rename it");
      if (!std::filesystem::is_regular_file(entry / "up.sql"))
        refuse_migration(entry, "the migration has no up.sql", "add it, or remove the folder");
      files.push_back({*version, entry / "up.sql", entry_name});
    }
    return read_in_order(std::move(files), app);
  }
};

}  // namespace

const PatchSource& diesel_source() {
  static const Diesel source;
  return source;
}

}  // namespace bench
