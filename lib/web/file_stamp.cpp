#include "web/file_stamp.hpp"

#include <cerrno>
#include <chrono>
#include <mutex>
#include <unordered_map>

namespace bench {

namespace {

constexpr std::chrono::milliseconds trusted_for{1};
/// Whoever asks for many pages that are not there must not fill the memory.
constexpr std::size_t most_remembered = 256;

FileStamp look_at(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {.error = errno};
  return {.error = 0,
          .mode = status.st_mode,
          .device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .changed = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec};
}

}  // namespace

FileStamp stamp_of(const std::string& file) {
  struct Look {
    FileStamp stamp;
    std::chrono::steady_clock::time_point at;
  };
  static std::mutex mutex;
  static std::unordered_map<std::string, Look> looks;
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex);
    const auto known = looks.find(file);
    if (known != looks.end() && now - known->second.at < trusted_for) return known->second.stamp;
  }
  // Nobody waits for a file system that is slow but who asks it.
  const FileStamp stamp = look_at(file);
  const std::lock_guard lock(mutex);
  if (looks.size() >= most_remembered) looks.clear();
  looks.insert_or_assign(file, Look{stamp, now});
  return stamp;
}

}  // namespace bench
