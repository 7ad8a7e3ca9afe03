#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "backup/file_writer.hpp"
#include "database/exporter.hpp"

namespace bench {

struct ManifestPatch {
  std::string key;
  std::string checksum;
};

/// What a backup set says of itself: `...-manifest.json`, written last, so that a set without it was never finished.
/// JSON: {"format": 1, "tool", "site", "created", "operation", "database": {"type", "version", "name"}, "partial",
/// "same_moment", "files": [...], "skipped_files": [...], "schema_fingerprint", "tables": [...], "apps": [{"name",
/// "version"}], "patches": [...]}
struct Manifest {
  std::string tool;       ///< "bench 0.1.0"
  std::string site;
  std::string created;    ///< ISO 8601, the moment of the database's snapshot
  std::string operation;
  std::string db_type;
  std::string db_version;
  std::string db_name;
  bool partial = false;
  /// Whether database, files and config are of one moment: taken in a window that nothing could write through.
  bool same_moment = false;
  std::vector<FileFacts> files;
  std::vector<std::string> skipped_files;  ///< links and devices under the files folders, which no archive holds
  ContentSummary content;
  std::vector<std::pair<std::string, std::string>> apps;  ///< name, version
  std::vector<ManifestPatch> patches;

  const FileFacts* file(std::string_view role) const;
};

nlohmann::json to_json(const Manifest& manifest);
/// Error{bad_backup} naming the file and the member that is missing or of the wrong type, or an unknown format.
Manifest manifest_from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace bench
