#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "backup/file_writer.hpp"
#include "database/exporter.hpp"

namespace bench {

struct ManifestPatch {
  std::string key;
  std::string checksum;
};

/// What a backup set says of itself: `...-manifest.json`, written last, so that a set without it was never
/// finished. JSON: {"format": 1, "tool", "site", "created", "operation", "database": {"type", "version",
/// "name"}, "partial", "same_moment", "files": [{"role", "name", "size", "sha256"}], "skipped_files": [...],
/// "changed_files": [...], "schema_fingerprint", "tables": [{"name", "rows", "checksum"}], "apps": [{"name",
/// "version"}], "patches": [{"key", "checksum"}]}
struct Manifest {
  std::string tool;  ///< "bench 0.1.0"
  std::string site;
  std::string created;  ///< ISO 8601, the moment of the database's snapshot
  std::string operation;
  std::string db_type;
  std::string db_version;
  std::string db_name;
  bool partial = false;
  /// Whether database, files and config are of one moment: taken in a window that nothing could write
  /// through.
  bool same_moment = false;
  std::vector<FileFacts> files;
  std::vector<std::string>
      skipped_files;  ///< links and devices under the files folders, which no archive holds
  std::vector<std::string> changed_files;  ///< files that changed while they were read into an archive
  ContentSummary content;
  std::vector<std::pair<std::string, std::string>> apps;  ///< name, version
  std::vector<ManifestPatch> patches;

  /// nullptr when the set has no file of that role.
  const FileFacts* file(std::string_view role) const;
};

nlohmann::json to_json(const Manifest& manifest);
/// The manifest's file: JSON with one-space indent. Bytes of skipped and changed files' names that are not
/// UTF-8 become U+FFFD; Error{usage} when another text is not UTF-8.
std::string to_text(const Manifest& manifest);
/// Error{bad_backup} naming the file and the member that is missing or of the wrong type, or an unknown
/// format.
Manifest manifest_from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace bench
