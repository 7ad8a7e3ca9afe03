#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/atomic_file.hpp"
#include "base/digest.hpp"

namespace bench {

/// What a manifest says of a file.
struct FileFacts {
  std::string role;  ///< "database", "files", "private-files", "config"
  std::string name;  ///< beside the manifest, or an absolute path
  std::uint64_t size = 0;
  std::string sha256;
};

/// A backup file under way (0600): counted and hashed as it is written, under a temporary name until
/// `commit`. Destroyed without `commit`, nothing is left of it.
class BackupFile {
 public:
  /// `name` is what the manifest will call it.
  BackupFile(std::string role, std::string name, const std::filesystem::path& path);
  void write(std::string_view bytes);
  /// Ends the writing and makes what was written durable; it can then be read under `temporary_path`.
  FileFacts finish();
  /// Puts the file under its name, durably; after `finish`.
  void commit() { m_file.commit(); }

  const std::filesystem::path& path() const { return m_path; }
  const std::filesystem::path& temporary_path() const { return m_file.temporary_path(); }

 private:
  std::string m_role;
  std::string m_name;
  std::filesystem::path m_path;
  AtomicFile m_file;
  Sha256 m_digest;
  std::uint64_t m_size = 0;
};

}  // namespace bench
