#pragma once

#include <filesystem>
#include <string_view>

#include "base/file.hpp"

namespace bench {

/// A text file of timed lines, opened for appending (0640, folders created). Neither opening nor writing
/// throws: a log that cannot be written must not fail what it tells about. Later lines of one text are
/// indented.
class LogFile {
 public:
  LogFile() = default;
  explicit LogFile(const std::filesystem::path& path);
  bool is_open() const { return static_cast<bool>(m_file); }
  void line(std::string_view level, std::string_view text) noexcept;

 private:
  FileDescriptor m_file;
};

}  // namespace bench
