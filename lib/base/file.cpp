#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace bench {

namespace {

std::optional<Ownership> creation_owner;

Error path_error(std::string_view what, const std::filesystem::path& path, int error_number) {
  return system_error(std::string("cannot ") + std::string(what) + " '" + path.string() + "'", error_number);
}

bool gives_away() {
  return creation_owner.has_value() && geteuid() == 0;
}

std::string read_all(const FileDescriptor& file, const std::filesystem::path& path) {
  std::string text;
  // Filled with zeros it would cost more than reading a small file.
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t count = read(file.get(), piece.data(), piece.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw path_error("read", path, errno);
    }
  }
}

int open_retrying(const std::filesystem::path& path, int flags, mode_t mode) {
  int descriptor = -1;
  do {
    descriptor = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    m_descriptor = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  return std::exchange(m_descriptor, -1);
}

void FileDescriptor::reset() {
  // Linux frees the number even when close answers EINTR, so that trying again could close another thread's
  // file.
  if (m_descriptor >= 0) close(release());
}

void set_creation_owner(std::optional<Ownership> ownership) {
  creation_owner = ownership;
}

Ownership owner_of(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) throw path_error("read the owner of", path, errno);
  return {status.st_uid, status.st_gid};
}

void give_to_owner(const std::filesystem::path& path) {
  if (!gives_away()) return;
  if (lchown(path.c_str(), creation_owner->user, creation_owner->group) != 0) {
    throw path_error("set the owner of", path, errno);
  }
}

void give_to_owner(int descriptor) {
  if (!gives_away()) return;
  if (fchown(descriptor, creation_owner->user, creation_owner->group) != 0) {
    throw system_error("cannot set the owner of a new file", errno);
  }
}

void make_folders(const std::filesystem::path& folder, mode_t mode) {
  if (folder.empty() || is_folder(folder)) return;
  if (folder.has_parent_path() && folder.parent_path() != folder) make_folders(folder.parent_path(), mode);
  if (mkdir(folder.c_str(), mode) == 0) return give_to_owner(folder);
  const int error_number = errno;
  // Somebody else may have made it meanwhile; "a/" and "a/." are there once "a" is.
  if (error_number != EEXIST || !is_folder(folder)) throw path_error("create folder", folder, error_number);
}

std::optional<std::string> read_file_if_exists(const std::filesystem::path& path) {
  const FileDescriptor file(open_retrying(path, O_RDONLY, 0));
  if (file) return read_all(file, path);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw path_error("open", path, errno);
}

std::string read_file(const std::filesystem::path& path) {
  return read_all(open_file(path, O_RDONLY), path);
}

FileDescriptor open_file(const std::filesystem::path& path, int flags, mode_t mode) {
  FileDescriptor file(open_retrying(path, flags, mode));
  if (!file) throw path_error("open", path, errno);
  return file;
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& name) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw path_error("write", name, errno);
    }
  }
}

void sync_folder(const std::filesystem::path& folder) {
  const std::filesystem::path named = folder.empty() ? std::filesystem::path(".") : folder;
  const FileDescriptor opened = open_file(named, O_RDONLY | O_DIRECTORY);
  // Some file systems cannot sync a folder and say so with EINVAL; there is nothing more to be had there.
  if (fsync(opened.get()) != 0 && errno != EINVAL) throw path_error("sync folder", named, errno);
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) throw path_error("remove", path, error.value());
}

}  // namespace bench
