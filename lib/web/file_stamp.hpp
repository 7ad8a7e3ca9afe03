#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace bench {

/// Tells whether a file is another one than before, without reading it.
struct FileStamp {
  int error = 0;  ///< errno of a file that cannot be looked at, such as ENOENT; then all else is 0
  mode_t mode = 0;
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed = 0;  ///< nanoseconds
  bool operator==(const FileStamp&) const = default;

  bool is_file() const { return S_ISREG(mode); }
};

/// As the file was within the last millisecond: requests come faster than files change, and each looks at
/// several, most of them more than once.
FileStamp stamp_of(const std::string& file);

}  // namespace bench
