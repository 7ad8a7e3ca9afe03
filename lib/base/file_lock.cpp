#include "base/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace bench {

namespace {

enum class Attempt { locked, held, replaced };

Error failure(std::string_view what, const std::filesystem::path& path, int error_number) {
  return system_error(std::string(what) + " '" + path.string() + "'", error_number);
}

/// An open file, or nothing when the file came or went in between and it is worth another try.
FileDescriptor open_or_create(const std::filesystem::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file || errno == EINTR) return file;
  if (errno != ENOENT) throw failure("cannot open", path, errno);
  file = FileDescriptor(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file) {
    give_to_owner(file.get());
  } else if (errno != EEXIST && errno != EINTR) {
    throw failure("cannot create", path, errno);
  }
  return file;
}

bool is_still_at(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(file.get(), &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/// Whether the lock was got; never waits.
bool lock_now(const FileDescriptor& file, int operation, const std::filesystem::path& path) {
  while (flock(file.get(), operation | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw failure("cannot lock", path, errno);
  }
  return true;
}

/// A shared lock is only ever a question of `is_held`, over in microseconds: it must not look like an
/// operation.
bool lock_exclusively(const FileDescriptor& file, const std::filesystem::path& path) {
  constexpr int most_questions = 500;
  for (int question = 0; question < most_questions; ++question) {
    if (lock_now(file, LOCK_EX, path)) return true;
    if (!lock_now(file, LOCK_SH, path)) return false;
    flock(file.get(), LOCK_UN);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return false;
}

Attempt attempt(FileDescriptor& file, const std::filesystem::path& path) {
  file = open_or_create(path);
  if (!file) return Attempt::replaced;
  if (!lock_exclusively(file, path)) return Attempt::held;
  // Whoever removed or replaced the file meanwhile would let somebody else lock the new one.
  return is_still_at(file, path) ? Attempt::locked : Attempt::replaced;
}

}  // namespace

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  make_folders(path.parent_path());
  FileDescriptor file;
  Attempt result = Attempt::replaced;
  while (result == Attempt::replaced) result = attempt(file, path);
  if (result == Attempt::held) return std::nullopt;
  return FileLock(std::move(file));
}

std::optional<FileLock> FileLock::acquire(const std::filesystem::path& path,
                                          std::chrono::milliseconds timeout,
                                          const std::function<void()>& give_up) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (auto lock = try_acquire(path)) return lock;
    if (give_up) give_up();
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool FileLock::is_held(const std::filesystem::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return !lock_now(file, LOCK_SH, path);
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw failure("cannot open", path, errno);
}

std::vector<int> FileLock::openers(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::vector<int> pids;
  std::error_code gone;
  for (const auto& process : fs::directory_iterator("/proc", gone)) {
    const std::string pid = process.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code unseen;
    for (fs::directory_iterator file(process.path() / "fd", unseen), end; !unseen && file != end;
         file.increment(unseen)) {
      std::error_code closed;
      if (!fs::equivalent(file->path(), path, closed)) continue;
      pids.push_back(std::stoi(pid));
      break;
    }
  }
  return pids;
}

}  // namespace bench
