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
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;
};

/// A backup file under way: counted and hashed as it is written, under a temporary name until `commit` (0600).
class BackupFile {
 public:
  BackupFile(std::string role, const std::filesystem::path& path);
  void write(std::string_view bytes);
  FileFacts commit();

 private:
  std::string m_role;
  std::string m_name;
  AtomicFile m_file;
  Sha256 m_digest;
  std::uint64_t m_size = 0;
};

}  // namespace bench
