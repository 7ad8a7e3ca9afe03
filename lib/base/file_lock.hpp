#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "base/file.hpp"

namespace bench {

/// An exclusive flock(2) on a file, which is created (0600, creation owner) when it does not exist and is
/// left in place. Freed when destroyed or when the process ends, unless a child inherited the descriptor.
class FileLock {
 public:
  /// nullopt when somebody else holds it. Folders on the way to the file are created.
  static std::optional<FileLock> try_acquire(const std::filesystem::path& path);

  /// Waits up to `timeout`; nullopt afterwards. `give_up` is asked between tries and may throw.
  static std::optional<FileLock> acquire(const std::filesystem::path& path, std::chrono::milliseconds timeout,
                                         const std::function<void()>& give_up = {});

  /// Whether somebody holds the lock right now. A file that does not exist is held by nobody.
  static bool is_held(const std::filesystem::path& path);

  /// The processes of this machine that have the file open, as far as we may look: where it is held, one of
  /// them holds it.
  static std::vector<int> openers(const std::filesystem::path& path);

  int descriptor() const { return m_file.get(); }

 private:
  explicit FileLock(FileDescriptor file) : m_file(std::move(file)) {}
  FileDescriptor m_file;
};

}  // namespace bench
