#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migration/patch.hpp"

namespace bench {

const PatchSource& patches_txt_source();
const PatchSource& golang_migrate_source();
const PatchSource& diesel_source();
const PatchSource& flyway_source();
const PatchSource& plain_sql_source();

// What the sources share.

/// The folder of the app's patches for this database; nullopt when the app has no patches at all.
/// Error{configuration} when it has some, but none for this database, or the folder cannot be read.
std::optional<std::filesystem::path> patch_folder_of(const App& app, Dialect dialect);

/// Names of a folder's entries, sorted, hidden ones left out.
std::vector<std::string> visible_names(const std::filesystem::path& folder);
/// The entries themselves, in the same order.
std::vector<std::filesystem::path> visible_entries(const std::filesystem::path& folder);

/// A version number of any length; a larger one is later.
class Version {
 public:
  /// Digits, in parts parted by '.' or '_'; zeros before a part and parts of zero at the end do not count.
  static std::optional<Version> parse(std::string_view text);
  friend bool operator<(const Version& left, const Version& right) { return left.m_parts < right.m_parts; }
  friend bool operator==(const Version&, const Version&) = default;

 private:
  /// Without leading zeros the longer number is the larger one.
  using Part = std::pair<std::size_t, std::string>;
  std::vector<Part> m_parts;
};

/// A migration file with the version in its name.
struct VersionedFile {
  Version version;
  std::filesystem::path file;
  std::string id;
};

/// Sorts by version and reads each into a patch that is logged as `<app>.<id>`. Error{configuration} when two
/// files have one version.
std::vector<Patch> read_in_order(std::vector<VersionedFile> files, const App& app);

/// The patch in `file` under the id; logged as `<app>.<id>`.
Patch read_numbered_patch(const std::filesystem::path& file, std::string id, const App& app);

/// The variant of a file for one database, such as the "sqlite" in `x.sqlite.sql`.
struct Variant {
  std::string stem;                ///< `x`
  std::optional<Dialect> dialect;  ///< nullopt: for all databases
};
/// `file_name` must end in `.sql`.
Variant variant_of(std::string_view file_name);

/// A patch that exists for other databases only.
Patch patch_without_variant(const std::filesystem::path& other, Dialect dialect);

/// Error{configuration}: "<file>: <message>".
[[noreturn]] void refuse_migration(const std::filesystem::path& file, std::string_view message,
                                   std::string hint);

}  // namespace bench
