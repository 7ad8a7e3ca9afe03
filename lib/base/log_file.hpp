#pragma once

#include <filesystem>
#include <string_view>

#include "base/file.hpp"

namespace bench {

/// A text file of timed lines, opened for appending (0640, folders created). Writing never throws: a log that cannot be
/// written must not fail what it tells about.
class LogFile {
 public:
  LogFile() = default;
  explicit LogFile(const std::filesystem::path& path);
  void line(std::string_view level, std::string_view text) noexcept;

 private:
  FileDescriptor m_file;
};

}  // namespace bench
