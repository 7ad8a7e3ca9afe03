#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>

namespace bench {

/// Tells whether a file is another one than before, without reading it. That of a file that is not there is
/// empty.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed = 0;  ///< nanoseconds
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& status);
FileStamp stamp_of(const std::filesystem::path& file);

}  // namespace bench
