#include "base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "base/error.hpp"

namespace bench {

namespace {

constexpr std::string_view marker = ".bench-tmp";

Error failure(std::string_view what, const std::filesystem::path& path, int error_number) {
  return system_error(std::string(what) + " '" + path.string() + "'", error_number);
}

bool is_link(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_symlink(std::filesystem::symlink_status(path, ignored));
}

std::filesystem::path follow_links(std::filesystem::path path) {
  constexpr int most_links = 40;  // as the kernel
  for (int links = 0; is_link(path); ++links) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error);
    if (error || links == most_links)
      throw failure("cannot follow the link", path, error ? error.value() : ELOOP);
    path = path.parent_path() / target;
  }
  return path;
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  // A name may have 255 bytes: a long one is cut to leave room for what is added.
  const std::string name = path.filename().string().substr(0, 200);
  return path.parent_path() /
         ("." + name + "." + std::to_string(getpid()) + "." + std::to_string(++count) + std::string(marker));
}

int lock_file(int descriptor, int operation) {
  int answer = 0;
  do {
    answer = flock(descriptor, operation);
  } while (answer != 0 && errno == EINTR);
  return answer;
}

struct stat status_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw failure("cannot examine", path, errno);
  return status;
}

/// The lock tells `remove_stale_temporaries` that the writer lives. Nothing when the file was taken for a
/// stale one in the moment before it was locked.
FileDescriptor create_locked(const std::filesystem::path& path) {
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) {
    if (errno == EEXIST || errno == EINTR) return {};
    throw failure("cannot create", path, errno);
  }
  if (lock_file(file.get(), LOCK_EX) != 0) {
    const int error_number = errno;
    unlink(path.c_str());
    throw failure("cannot lock", path, error_number);
  }
  if (status_of(file, path).st_nlink == 0) return {};
  return file;
}

std::optional<struct stat> existing_file(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) {
    if (S_ISREG(status.st_mode)) return status;
    throw Error(Kind::unexpected, "cannot replace '" + path.string() + "': it is not a regular file");
  }
  if (errno == ENOENT) return std::nullopt;
  throw failure("cannot examine", path, errno);
}

void keep_owner(const FileDescriptor& file, const struct stat& old, const std::filesystem::path& path) {
  const struct stat mine = status_of(file, path);
  if (mine.st_uid == old.st_uid && mine.st_gid == old.st_gid) return;
  if (fchown(file.get(), old.st_uid, old.st_gid) != 0) throw failure("cannot keep the owner of", path, errno);
}

void set_mode(const FileDescriptor& file, mode_t mode, const std::filesystem::path& path) {
  if (fchmod(file.get(), mode & 07777) != 0) throw failure("cannot set the mode of", path, errno);
}

bool is_temporary(const std::string& name) {
  return name.starts_with('.') && name.ends_with(marker);
}

void remove_if_stale(const std::filesystem::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  // Another user's is not ours to remove.
  if (!file && (errno == ENOENT || errno == EACCES || errno == EPERM)) return;
  if (!file) throw failure("cannot open", path, errno);
  if (lock_file(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return;
    throw failure("cannot lock", path, errno);
  }
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == EACCES || errno == EPERM) return;
  throw failure("cannot remove", path, errno);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path, mode_t mode) : m_path(follow_links(path)) {
  const std::optional<struct stat> old = existing_file(m_path);
  while (!m_file) {
    m_temporary = temporary_name(m_path);
    m_file = create_locked(m_temporary);
  }
  try {
    if (old) {
      keep_owner(m_file, *old, m_path);
    } else {
      give_to_owner(m_file.get());
    }
    set_mode(m_file, old ? old->st_mode : mode, m_path);
  } catch (...) {
    unlink(m_temporary.c_str());
    throw;
  }
}

AtomicFile::~AtomicFile() {
  if (m_file) unlink(m_temporary.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  write_all(m_file.get(), bytes, m_path);
}

void AtomicFile::commit() {
  while (fsync(m_file.get()) != 0)
    if (errno != EINTR) throw failure("cannot write", m_path, errno);
  if (rename(m_temporary.c_str(), m_path.c_str()) != 0) throw failure("cannot replace", m_path, errno);
  m_file.reset();
  sync_folder(m_path.parent_path());
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  AtomicFile file(path, mode);
  file.write(bytes);
  file.commit();
}

void remove_stale_temporaries(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return;
  if (error) throw failure("cannot list", folder, error.value());
  for (const auto& entry : entries) {
    if (is_temporary(entry.path().filename().string())) remove_if_stale(entry.path());
  }
}

}  // namespace bench
