#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "base/progress.hpp"
#include "database/scratch.hpp"
#include "site/site.hpp"

namespace bench {

/// A finished backup set: exists only once its manifest is in place.
class BackupSet {
 public:
  /// `reference`: a path to a manifest (or to any file of a set that has one), or a set's name
  /// (`20261121_034100-develop`, the stamp alone when it is the only one) looked up in `folders`.
  /// Error{bad_backup} when there is no such set or its manifest is not good.
  static BackupSet open(const std::string& reference, const std::vector<std::filesystem::path>& folders);
  static BackupSet load(const std::filesystem::path& manifest_file);
  /// The manifest of the set that a backup file (or the manifest itself) belongs to by its name; nullopt when
  /// there is none: then the file is Frappe's own, or was cut off.
  static std::optional<std::filesystem::path> manifest_of(const std::filesystem::path& file);

  const Manifest& manifest() const { return m_manifest; }
  const std::filesystem::path& manifest_file() const { return m_file; }
  std::string name() const;  ///< the manifest's name without "-manifest.json"
  /// Where the set's file of that role is; nullopt when the set has none.
  std::optional<std::filesystem::path> file(std::string_view role) const;
  std::uint64_t size() const;  ///< of its files, in bytes
  /// Files of the set that are gone, or not as long as the manifest says; their content is not read.
  std::vector<std::filesystem::path> incomplete_files() const;

 private:
  BackupSet(std::filesystem::path file, Manifest manifest);
  std::filesystem::path m_file;
  Manifest m_manifest;
};

/// Every finished set in the folder, oldest first, and what else looks like one.
struct SetListing {
  std::vector<BackupSet> sets;
  std::vector<std::filesystem::path> broken;  ///< manifests that cannot be read
  std::vector<std::filesystem::path>
      unfinished;  ///< backup files that no manifest names (Frappe's own, or cut off)
};
SetListing list_sets(const std::filesystem::path& folder);

/// Stream verification: every file is there with its size and SHA-256, the dump decompresses to its footer,
/// archives read to their end. Error{bad_backup} says which file and why.
void verify_set(const BackupSet& set, Progress& progress);

/// The drill: loads the set's dump into `scratch` and compares every table's count and checksum and the
/// schema with the manifest. Error{bad_backup} names the tables that differ. Answers what of a partial set
/// could not be loaded without the rest: it is not proven, nor are its definitions as a whole.
std::vector<LeftOut> drill_set(const BackupSet& set, Scratch& scratch, Progress& progress);

/// Loads a dump file of any kind into `scratch`, with progress. Error{bad_backup} also when bench made the
/// dump and its footer is missing.
std::vector<LeftOut> load_dump(const std::filesystem::path& dump, Scratch& scratch, Progress& progress,
                               Scratch::Extent extent = Scratch::Extent::whole);

/// The line that ends each dump of ours, so that a dump that was cut off between two compressed members is
/// found out.
inline constexpr std::string_view dump_footer = "-- bench: end of dump\n";

}  // namespace bench
