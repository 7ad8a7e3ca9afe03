#pragma once

#include <filesystem>
#include <string_view>

#include "base/file.hpp"

namespace bench {

/// A file that appears under its name whole or not at all: bytes go to a temporary file beside it, which
/// `commit` fsyncs and renames, and then fsyncs the folder. Destroyed without `commit`, nothing has changed.
///
/// An existing file's mode and owner are kept; a new file gets `mode` and the creation owner. A symbolic link
/// at `path` is followed, so that the file it points to is replaced and the link stays. What is not a regular
/// file is refused.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path, mode_t mode = 0600);
  AtomicFile(AtomicFile&&) = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  void write(std::string_view bytes);
  void commit();

  const std::filesystem::path& temporary_path() const { return m_temporary; }
  int descriptor() const { return m_file.get(); }

 private:
  std::filesystem::path m_path;
  std::filesystem::path m_temporary;
  FileDescriptor m_file;
};

/// AtomicFile, written and committed at once.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0600);

/// Temporary files of AtomicFile are named `.<name>.<pid>.<n>.bench-tmp` and are locked (flock) while their
/// writer lives. Removes those in `folder` whose writer does not; a folder that does not exist is fine.
void remove_stale_temporaries(const std::filesystem::path& folder);

}  // namespace bench
