#include "migration/sources/sources.hpp"

namespace bench {

namespace {

/// golang-migrate: `<version>_<title>.up.sql`, ordered by version; `.down.sql` undoes and is not run.
class GolangMigrate : public PatchSource {
 public:
  std::vector<Patch> read(const App& app, Dialect dialect) const override {
    std::vector<VersionedFile> files;
    const std::optional<std::filesystem::path> folder = patch_folder_of(app, dialect);
    if (!folder) return {};
    for (const std::filesystem::path& file : visible_entries(*folder)) {
      const std::string file_name = file.filename().string();
      if (!file_name.ends_with(".sql") || file_name.ends_with(".down.sql")) continue;
      const std::string_view stem = std::string_view(file_name).substr(0, file_name.find(".up.sql"));
      const std::optional<Version> version = Version::parse(stem.substr(0, stem.find('_')));
      if (!file_name.ends_with(".up.sql") || stem.find('_') == std::string_view::npos || !version)
        refuse_migration(file, "a golang-migrate migration is named like 0001_title.up.sql", "rename it");
      files.push_back({*version, file, std::string(stem)});
    }
    return read_in_order(std::move(files), app);
  }
};

}  // namespace

const PatchSource& golang_migrate_source() {
  static const GolangMigrate source;
  return source;
}

}  // namespace bench
