#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "migration/sources/sources.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

/// The files of one patch: `x.sql`, or `x.<database>.sql` for one database each.
struct Variants {
  Version version;
  std::string stem;
  std::optional<fs::path> chosen;
  fs::path other;
};

/// Files with a number at the beginning of their names, in the order of the numbers.
class PlainSql : public PatchSource {
 public:
  std::vector<Patch> read(const App& app, Dialect dialect) const override {
    const std::optional<fs::path> folder = patch_folder_of(app, dialect);
    if (!folder) return {};
    std::vector<Patch> patches;
    for (const auto& [version, variants] : variants_in(*folder, dialect)) {
      const std::string id = variants.stem;
      if (variants.chosen) {
        patches.push_back(read_numbered_patch(*variants.chosen, id, app));
        continue;
      }
      Patch patch = patch_without_variant(variants.other, dialect);
      patch.app = app.name;
      patch.id = id;
      patch.log_key = app.name + "." + id;
      patches.push_back(std::move(patch));
    }
    return patches;
  }

 private:
  static std::map<Version, Variants> variants_in(const fs::path& folder, Dialect dialect) {
    std::map<Version, Variants> found;
    for (const fs::path& file : visible_entries(folder)) {
      if (file.extension() != ".sql") continue;
      const Variant variant = variant_of(file.filename().string());
      const std::size_t digits = std::min(variant.stem.find_first_not_of("0123456789"), variant.stem.size());
      const std::optional<Version> version = Version::parse(variant.stem.substr(0, digits));
      if (!version)
        refuse_migration(file, "its name does not begin with a number", "rename it, or move it elsewhere");
      Variants& variants =
          found.try_emplace(*version, Variants{*version, variant.stem, std::nullopt, file}).first->second;
      if (variants.stem != variant.stem)
        refuse_migration(file,
                         fmt::format("it has the same number as {}", variants.other.filename().string()),
                         "give one of them another number");
      // The file for this database goes before the one for all.
      if (variant.dialect == dialect || (!variant.dialect && !variants.chosen)) variants.chosen = file;
    }
    return found;
  }
};

}  // namespace

const PatchSource& plain_sql_source() {
  static const PlainSql source;
  return source;
}

}  // namespace bench
