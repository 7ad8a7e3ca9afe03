#pragma once

#include <sys/types.h>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// An open file descriptor, close-on-exec, closed when destroyed.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : m_descriptor(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : m_descriptor(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const { return m_descriptor; }
  explicit operator bool() const { return m_descriptor >= 0; }
  int release();
  void reset();

 private:
  int m_descriptor = -1;
};

/// Who owns what bench creates. Set once at start to the owner of the bench folder; it has an effect only
/// while running as root, so that files made under sudo belong to whom the bench belongs.
struct Ownership {
  uid_t user;
  gid_t group;
};
void set_creation_owner(std::optional<Ownership> ownership);
Ownership owner_of(const std::filesystem::path& path);

/// Gives a file or folder that was just created to the creation owner. Does nothing when not root.
void give_to_owner(const std::filesystem::path& path);
void give_to_owner(int descriptor);

/// Creates the folder and its missing parents (mode 0755, or `mode` for those it creates), owned as above.
void make_folders(const std::filesystem::path& folder, mode_t mode = 0755);

/// The whole file. Error{unexpected} names the path when it cannot be read; nullopt when it does not exist.
std::optional<std::string> read_file_if_exists(const std::filesystem::path& path);
std::string read_file(const std::filesystem::path& path);

/// Opens with close-on-exec; Error names the path and says why.
FileDescriptor open_file(const std::filesystem::path& path, int flags, mode_t mode = 0600);
void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& name);

/// fsync of a folder, so that a rename in it survives a power cut.
void sync_folder(const std::filesystem::path& folder);

/// Removes a file, or a folder with all in it; a path that does not exist is fine.
void remove_tree(const std::filesystem::path& path);

}  // namespace bench
