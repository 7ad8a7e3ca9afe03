#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "backup/archive_locale.hpp"
#include "backup/archive_module.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "operation/interruption.hpp"

namespace bench {
namespace {

constexpr std::size_t buffer_size = std::size_t{256} << 10;
constexpr int block_size = 64 << 10;

/// libarchive's writer, with the sink's exceptions carried through its C callbacks.
class TarWriter {
 public:
  explicit TarWriter(const ByteSink& sink) : m_sink(sink), m_archive(archive_write_new()) {
    if (!m_archive) throw Error(Kind::unexpected, "cannot write an archive: out of memory");
    check(archive_write_set_format_pax_restricted(m_archive.get()));
    check(archive_write_set_bytes_per_block(m_archive.get(), block_size));
    check(archive_write_set_bytes_in_last_block(m_archive.get(), 1));
    check(archive_write_open(m_archive.get(), this, nullptr, &TarWriter::send, nullptr));
  }
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  // Freeing an archive that is not finished sends its end.
  ~TarWriter() { m_deaf = true; }

  void begin(const std::string& name, const struct stat& status) {
    const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
    if (!entry) throw Error(Kind::unexpected, "cannot write an archive: out of memory");
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_mode(entry.get(), status.st_mode);
    archive_entry_set_uid(entry.get(), status.st_uid);
    archive_entry_set_gid(entry.get(), status.st_gid);
    archive_entry_set_mtime(entry.get(), status.st_mtim.tv_sec, 0);
    if (S_ISREG(status.st_mode)) archive_entry_set_size(entry.get(), status.st_size);
    // A name that is not UTF-8 is written as it is, in a header marked as binary, and warned about.
    const int result = archive_write_header(m_archive.get(), entry.get());
    check(result == ARCHIVE_WARN ? ARCHIVE_OK : result);
  }

  void data(std::string_view bytes) {
    while (!bytes.empty()) {
      const la_ssize_t count = archive_write_data(m_archive.get(), bytes.data(), bytes.size());
      check(count > 0 ? ARCHIVE_OK : ARCHIVE_FATAL);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void finish() { check(archive_write_close(m_archive.get())); }

 private:
  struct ArchiveFree {
    void operator()(archive* it) const { archive_write_free(it); }
  };
  struct EntryFree {
    void operator()(archive_entry* it) const { archive_entry_free(it); }
  };

  /// libarchive is told of no failure: it would not free what it holds. `check` tells it instead.
  static la_ssize_t send(archive*, void* self, const void* bytes, std::size_t count) {
    auto* writer = static_cast<TarWriter*>(self);
    try {
      if (!writer->m_deaf) writer->m_sink({static_cast<const char*>(bytes), count});
    } catch (...) {
      writer->m_failure = std::current_exception();
      writer->m_deaf = true;
    }
    return static_cast<la_ssize_t>(count);
  }

  void check(int result) {
    if (m_failure) std::rethrow_exception(std::exchange(m_failure, nullptr));
    if (result == ARCHIVE_OK) return;
    const char* words = archive_error_string(m_archive.get());
    throw Error(Kind::unexpected,
                std::string("cannot write an archive: ") + (words ? words : "out of memory"));
  }

  const ByteSink& m_sink;
  std::exception_ptr m_failure;
  bool m_deaf = false;  ///< what is sent now goes nowhere
  std::unique_ptr<archive, ArchiveFree> m_archive;
};

bool same_state(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/// Every folder is opened through its parent's descriptor: what is moved or replaced by a link meanwhile
/// leads nowhere else.
class TreeWriter {
 public:
  TreeWriter(const ByteSink& sink, std::filesystem::path folder, std::string prefix)
      : m_tar(sink), m_folder(std::move(folder)), m_prefix(std::move(prefix)), m_buffer(buffer_size, '\0') {}

  ArchiveReport run() {
    FileDescriptor top(::open(m_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (top) {
      write_folder(std::move(top), "");
    } else if (errno == ENOENT && !is_dangling_link()) {
      write_missing_folder();
    } else {
      throw system_error("cannot read " + m_folder.string(), errno);
    }
    m_tar.finish();
    return std::move(m_report);
  }

 private:
  std::string member_name(const std::string& relative) const { return "./" + m_prefix + "/" + relative; }
  std::string report_name(const std::string& relative) const { return m_prefix + "/" + relative; }
  Error failure(const std::string& relative, int error_number) const {
    return system_error("cannot read " + (m_folder / relative).string(), error_number);
  }

  /// A link to storage that is not mounted must not pass for a site without files.
  bool is_dangling_link() const {
    struct stat status {};
    const bool found = ::lstat(m_folder.c_str(), &status) == 0;
    errno = ENOENT;
    return found;
  }

  void write_missing_folder() {
    struct stat status {};
    status.st_mode = S_IFDIR | 0755;
    m_tar.begin(member_name(""), status);
  }

  struct stat status_of(int descriptor, const std::string& relative) const {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) throw failure(relative, errno);
    return status;
  }

  /// `relative` is "" or ends in a slash.
  void write_folder(FileDescriptor folder, const std::string& relative) {
    m_tar.begin(member_name(relative), status_of(folder.get(), relative));
    for (const std::string& name : names_in(folder.get(), relative)) {
      throw_if_interrupted();
      write_entry(folder.get(), name, relative + name);
    }
  }

  std::vector<std::string> names_in(int folder, const std::string& relative) const {
    const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw failure(relative, errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), &::closedir);
    if (!entries) {
      ::close(copy);
      throw failure(relative, ENOMEM);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
      errno = 0;
    }
    if (errno != 0) throw failure(relative, errno);
    std::ranges::sort(names);
    return names;
  }

  void write_entry(int folder, const std::string& name, const std::string& relative) {
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) throw failure(relative, errno);
      m_report.changed.push_back(report_name(relative));
    } else if (S_ISDIR(status.st_mode)) {
      if (auto inner = open_entry(folder, name, relative, O_DIRECTORY))
        write_folder(std::move(*inner), relative + "/");
    } else if (S_ISREG(status.st_mode)) {
      if (auto file = open_entry(folder, name, relative, O_NONBLOCK)) write_file(file->get(), relative);
    } else {
      m_report.skipped.push_back(report_name(relative));
    }
  }

  /// Nothing when it vanished, or became something else, since it was examined.
  std::optional<FileDescriptor> open_entry(int folder, const std::string& name, const std::string& relative,
                                           int flags) {
    FileDescriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags));
    if (file) return file;
    if (errno != ENOENT && errno != ELOOP && errno != ENOTDIR && errno != ENXIO)
      throw failure(relative, errno);
    m_report.changed.push_back(report_name(relative));
    return std::nullopt;
  }

  void write_file(int file, const std::string& relative) {
    const struct stat before = status_of(file, relative);
    if (!S_ISREG(before.st_mode)) {
      m_report.changed.push_back(report_name(relative));
      return;
    }
    m_tar.begin(member_name(relative), before);
    write_data(file, static_cast<std::uint64_t>(before.st_size), relative);
    if (!same_state(before, status_of(file, relative))) m_report.changed.push_back(report_name(relative));
    ++m_report.files;
    m_report.bytes += static_cast<std::uint64_t>(before.st_size);
  }

  /// Exactly `size` bytes, as the header has promised: what is missing is filled with zeros.
  void write_data(int file, std::uint64_t size, const std::string& relative) {
    bool at_end = false;
    for (std::uint64_t done = 0; done < size;) {
      throw_if_interrupted();
      const std::size_t wanted =
          static_cast<std::size_t>(std::min<std::uint64_t>(size - done, m_buffer.size()));
      const std::size_t count = at_end ? 0 : read_some(file, wanted, relative);
      at_end = count == 0;
      if (at_end) std::fill_n(m_buffer.begin(), wanted, '\0');
      const std::size_t sent = at_end ? wanted : count;
      m_tar.data({m_buffer.data(), sent});
      done += sent;
    }
  }

  std::size_t read_some(int file, std::size_t wanted, const std::string& relative) {
    while (true) {
      const ssize_t count = ::read(file, m_buffer.data(), wanted);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw failure(relative, errno);
    }
  }

  TarWriter m_tar;
  std::filesystem::path m_folder;
  std::string m_prefix;
  std::string m_buffer;
  ArchiveReport m_report;
};

}  // namespace

ArchiveReport archive_module::write(const std::filesystem::path& folder, std::string_view prefix,
                                    const ByteSink& sink) {
  const ArchiveLocale locale;
  return TreeWriter(sink, folder, std::string(prefix)).run();
}

}  // namespace bench
