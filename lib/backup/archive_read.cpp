#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "backup/archive_module.hpp"
#include "backup/tar_reader.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {
namespace {

/// Puts members below one folder. Every folder on the way is opened through its parent's descriptor and never
/// through a link, so that nothing in the archive, and nobody beside us, can lead a write elsewhere.
class TreeReader {
 public:
  explicit TreeReader(std::filesystem::path target) : m_target(std::move(target)) {
    if (::mkdir(m_target.c_str(), 0700) != 0) throw failure("", errno);
    try {
      m_top = open_file(m_target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      give_to_owner(m_top.get());
    } catch (...) {
      ::rmdir(m_target.c_str());
      throw;
    }
  }

  void add(TarReader& tar, const TarMember& member) {
    const std::size_t slash = member.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : member.path.substr(0, slash);
    if (member.type == TarMember::Type::folder) {
      open_folder(member.path);
      m_folders.push_back(member);
    } else {
      write_file(tar, member, open_folder(folder), member.path.substr(slash + 1));
    }
  }

  /// Folders get their modes and times last: writing into them changes the one and may be forbidden by the
  /// other.
  void finish() {
    if (::fchmod(m_top.get(), 0755) != 0) throw failure("", errno);
    std::ranges::stable_sort(m_folders, std::greater(), &TarMember::path);
    for (const TarMember& folder : m_folders) set_attributes(open_folder(folder.path).get(), folder);
    while (::syncfs(m_top.get()) != 0)
      if (errno != EINTR) throw failure("", errno);
    sync_folder(m_target.parent_path());
  }

 private:
  Error failure(const std::string& path, int error_number) const {
    return system_error("cannot write " + (path.empty() ? m_target : m_target / path).string(), error_number);
  }

  /// Opens the folder, and makes what is missing on the way.
  FileDescriptor open_folder(const std::string& path) const {
    FileDescriptor folder(::fcntl(m_top.get(), F_DUPFD_CLOEXEC, 0));
    if (!folder) throw failure(path, errno);
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t slash = std::min(path.find('/', begin), path.size());
      folder = open_inner_folder(folder.get(), path.substr(begin, slash - begin), path);
      begin = slash + 1;
    }
    return folder;
  }

  FileDescriptor open_inner_folder(int parent, const std::string& name, const std::string& path) const {
    const bool created = ::mkdirat(parent, name.c_str(), 0755) == 0;
    if (!created && errno != EEXIST) throw failure(path, errno);
    FileDescriptor folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && (errno == ENOTDIR || errno == ELOOP))
      throw Error(Kind::bad_backup, "the archive holds '" + path + "' below a file");
    if (!folder) throw failure(path, errno);
    if (created) give_to_owner(folder.get());
    return folder;
  }

  void write_file(TarReader& tar, const TarMember& member, const FileDescriptor& folder,
                  const std::string& name) const {
    // The last of several members of one name counts, as with tar.
    if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno == EISDIR)
      throw Error(Kind::bad_backup, "the archive holds '" + member.path + "' both as a folder and as a file");
    const FileDescriptor file(
        ::openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) throw failure(member.path, errno);
    give_to_owner(file.get());
    tar.content([&](std::string_view bytes, std::uint64_t offset) {
      write_at(file.get(), bytes, offset, member.path);
    });
    // A sparse file may end in a hole.
    if (::ftruncate(file.get(), static_cast<off_t>(member.size)) != 0) throw failure(member.path, errno);
    set_attributes(file.get(), member);
  }

  void write_at(int file, std::string_view bytes, std::uint64_t offset, const std::string& path) const {
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw failure(path, errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  void set_attributes(int descriptor, const TarMember& member) const {
    if (::fchmod(descriptor, member.mode) != 0) throw failure(member.path, errno);
    const timespec times[2] = {{0, UTIME_OMIT}, {member.modified, 0}};
    if (::futimens(descriptor, times) != 0) throw failure(member.path, errno);
  }

  std::filesystem::path m_target;
  FileDescriptor m_top;
  std::vector<TarMember> m_folders;
};

/// What was wrong with the archive matters more to the caller than a folder that could not be removed. A
/// folder's mode may keep even its owner from emptying it.
void remove_extracted(const std::filesystem::path& target) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           target, std::filesystem::directory_options::skip_permission_denied, ignored))
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) ::chmod(entry.path().c_str(), 0700);
  std::filesystem::remove_all(target, ignored);
}

}  // namespace

std::string archive_module::check(const std::filesystem::path& archive,
                                  const std::function<void(std::uint64_t)>& advance) {
  TarReader tar(archive);
  while (tar.next()) {
    tar.content([&](std::string_view, std::uint64_t) {
      if (advance) advance(tar.consumed());
    });
  }
  return tar.tree();
}

void archive_module::extract(const std::filesystem::path& archive, const std::filesystem::path& target) {
  TarReader tar(archive);
  TreeReader tree(target);
  try {
    while (const auto member = tar.next()) tree.add(tar, *member);
    tree.finish();
  } catch (...) {
    remove_extracted(target);
    throw;
  }
}

}  // namespace bench
