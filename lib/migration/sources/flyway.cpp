#include <fmt/format.h>

#include <algorithm>

#include "migration/sources/sources.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t checksum_digits = 12;

/// All .sql files, also in folders inside, by name.
std::vector<fs::path> sql_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& entry : visible_entries(folder)) {
    if (fs::is_directory(entry)) {
      const std::vector<fs::path> inner = sql_files(entry);
      files.insert(files.end(), inner.begin(), inner.end());
    } else if (entry.extension() == ".sql") {
      files.push_back(entry);
    }
  }
  return files;
}

/// Flyway: `V<version>__<title>.sql` in the order of versions, then each `R__<title>.sql` whenever it has
/// changed; `U<version>__` undoes and is not run.
class Flyway : public PatchSource {
 public:
  std::vector<Patch> read(const App& app, Dialect dialect) const override {
    std::vector<VersionedFile> versioned;
    std::vector<fs::path> repeatable;
    const std::optional<fs::path> folder = patch_folder_of(app, dialect);
    if (!folder) return {};
    for (const fs::path& file : sql_files(*folder)) {
      const std::string stem = file.stem().string();
      const std::size_t separator = stem.find("__");
      const std::optional<Version> version = separator == std::string::npos || separator == 0
                                                 ? std::nullopt
                                                 : Version::parse(stem.substr(1, separator - 1));
      if (version && stem[0] == 'V')
        versioned.push_back({*version, file, stem});
      else if (stem.starts_with("R__"))
        repeatable.push_back(file);
      else if (!version || stem[0] != 'U')
        refuse_migration(file, "a Flyway migration is named like V1.2__title.sql or R__title.sql",
                         "rename it");
    }
    std::vector<Patch> patches = read_in_order(std::move(versioned), app);
    add_repeatable(patches, std::move(repeatable), app);
    return patches;
  }

 private:
  /// The checksum is part of the id, so that a file that has changed is a new patch.
  static void add_repeatable(std::vector<Patch>& patches, std::vector<fs::path> files, const App& app) {
    std::sort(files.begin(), files.end(),
              [](const fs::path& left, const fs::path& right) { return left.filename() < right.filename(); });
    for (auto file = files.begin(); file != files.end(); ++file) {
      if (file != files.begin() && file->filename() == (file - 1)->filename())
        refuse_migration(*file, fmt::format("it has the same name as {}", (file - 1)->string()),
                         "rename one of them");
      Patch patch = read_patch_file(*file);
      patch.app = app.name;
      patch.id = fmt::format("{} #{}", file->stem().string(), patch.checksum.substr(0, checksum_digits));
      patch.log_key = app.name + "." + patch.id;
      patches.push_back(std::move(patch));
    }
  }
};

}  // namespace

const PatchSource& flyway_source() {
  static const Flyway source;
  return source;
}

}  // namespace bench
