#include "backup/tar_reader.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "operation/interruption.hpp"

namespace bench {
namespace {

constexpr std::size_t buffer_size = std::size_t{256} << 10;
// Two blocks of zeros end a tar (POSIX.1-2017, pax, "ustar Interchange Format").
constexpr std::uint64_t end_mark_size = 1024;

/// For messages: control characters and bytes that are no ASCII would garble a terminal.
std::string printable(std::string_view name) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return text;
}

/// The parts of a member's name without `.` and empty ones; nullopt when it is absolute or holds `..`.
std::optional<std::vector<std::string>> safe_parts(std::string_view name) {
  if (name.empty() || name.front() == '/') return std::nullopt;
  std::vector<std::string> parts;
  while (!name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    name.remove_prefix(std::min(slash + 1, name.size()));
    if (part == "..") return std::nullopt;
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts, std::size_t begin, std::size_t end) {
  std::string path;
  for (std::size_t i = begin; i < end; ++i) path += (i == begin ? "" : "/") + parts[i];
  return path;
}

/// The index after `<anything>/<public|private>/files`; 0 when the parts do not go that far down.
std::size_t end_of_root(const std::vector<std::string>& parts) {
  for (std::size_t i = 2; i < parts.size(); ++i)
    if (parts[i] == "files" && (parts[i - 1] == "public" || parts[i - 1] == "private")) return i + 1;
  return 0;
}

/// Whether the parts are those of a folder above `files`.
bool may_lead_to_root(const std::vector<std::string>& parts) {
  return parts.size() <= 1 || parts.back() == "public" || parts.back() == "private";
}

std::string_view type_name(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return "a hard link";
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return "a file";
    case AE_IFDIR:
      return "a folder";
    case AE_IFLNK:
      return "a symbolic link";
    case AE_IFCHR:
    case AE_IFBLK:
      return "a device";
    case AE_IFIFO:
      return "a fifo";
    case AE_IFSOCK:
      return "a socket";
    default:
      return "of an unknown type";
  }
}

}  // namespace

void TarReader::Free::operator()(archive* it) const {
  archive_read_free(it);
}

TarReader::TarReader(const std::filesystem::path& file)
    : m_file(file), m_source(file), m_buffer(buffer_size, '\0'), m_archive(archive_read_new()) {
  if (!m_archive) throw Error(Kind::unexpected, "cannot read an archive: out of memory");
  check(archive_read_support_format_tar(m_archive.get()));
  check(archive_read_open(m_archive.get(), this, nullptr, &TarReader::read, nullptr));
}

TarReader::~TarReader() = default;

void TarReader::fail(const std::string& why) const {
  throw Error(Kind::bad_backup, m_file.string() + ": " + why);
}

std::size_t TarReader::fill() {
  const std::size_t count = m_source.read(m_buffer);
  const std::string_view bytes(m_buffer.data(), count);
  const std::size_t last = bytes.find_last_not_of('\0');
  m_trailing_zeros = last == std::string_view::npos ? m_trailing_zeros + count : count - last - 1;
  return count;
}

long TarReader::read(archive* it, void* self, const void** bytes) {
  auto* reader = static_cast<TarReader*>(self);
  try {
    throw_if_interrupted();
    *bytes = reader->m_buffer.data();
    return static_cast<long>(reader->fill());
  } catch (...) {
    reader->m_failure = std::current_exception();
    archive_set_error(it, EIO, "the source failed");
    return -1;
  }
}

void TarReader::check(int result) {
  if (m_failure) std::rethrow_exception(std::exchange(m_failure, nullptr));
  // A warning means a name or time that is not what the archive says.
  if (result == ARCHIVE_OK || result == ARCHIVE_EOF) return;
  const char* words = archive_error_string(m_archive.get());
  fail(std::string("the archive is broken: ") + (words ? words : "out of memory"));
}

std::optional<TarMember> TarReader::next() {
  while (true) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(m_archive.get(), &entry);
    check(result);
    if (result == ARCHIVE_EOF) {
      read_to_the_end();
      return std::nullopt;
    }
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) fail("a member has no name");
    const bool is_folder = archive_entry_filetype(entry) == AE_IFDIR;
    if (archive_entry_hardlink(entry) != nullptr || !(is_folder || archive_entry_filetype(entry) == AE_IFREG))
      fail("member '" + printable(name) + "' is " + std::string(type_name(entry)) +
           ", which bench does not restore");
    const auto parts = safe_parts(name);
    if (!parts) fail("member '" + printable(name) + "' would leave the folder it is restored to");
    const std::size_t root_end = end_of_root(*parts);
    if (root_end == 0 && is_folder && may_lead_to_root(*parts)) continue;
    if (root_end == 0 || (root_end == parts->size() && !is_folder))
      fail("member '" + printable(name) + "' is not below a site's public/files or private/files");
    const std::string root = joined(*parts, 0, root_end);
    if (m_root.value_or(root) != root)
      fail("it holds both '" + printable(*m_root) + "' and '" + printable(root) + "'");
    m_root = root;
    return TarMember{is_folder ? TarMember::Type::folder : TarMember::Type::file,
                     joined(*parts, root_end, parts->size()),
                     static_cast<std::uint64_t>(archive_entry_size(entry)), archive_entry_perm(entry) & 0777U,
                     archive_entry_mtime(entry)};
  }
}

std::string TarReader::tree() const {
  if (!m_root) return "";
  return m_root->ends_with("/public/files") ? "public/files" : "private/files";
}

void TarReader::content(const std::function<void(std::string_view, std::uint64_t)>& sink) {
  while (true) {
    const void* bytes = nullptr;
    std::size_t count = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(m_archive.get(), &bytes, &count, &offset);
    check(result);
    if (result == ARCHIVE_EOF) return;
    sink({static_cast<const char*>(bytes), count}, static_cast<std::uint64_t>(offset));
  }
}

/// What follows the last member is read as well: the compressed stream's checksum stands at its end.
/// libarchive takes an archive that ends between two members for a whole one.
void TarReader::read_to_the_end() {
  while (fill() > 0) throw_if_interrupted();
  if (m_trailing_zeros < end_mark_size) fail("the archive is cut off");
}

}  // namespace bench
