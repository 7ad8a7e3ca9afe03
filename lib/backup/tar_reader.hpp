#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backup/archive_locale.hpp"
#include "backup/compression.hpp"

struct archive;

namespace bench {

/// A regular file or a folder in a site's archive.
struct TarMember {
  enum class Type { file, folder } type;
  std::string path;  ///< below the `files` folder; empty for that folder itself
  std::uint64_t size;
  unsigned mode;  ///< permission bits only
  std::int64_t modified;
};

/// Reads a tar of a site's files (gzip, zstd or plain) from its first member to its last byte. Whatever must
/// not be in one is Error{bad_backup}, so that who reads the members need not look again.
class TarReader {
 public:
  explicit TarReader(const std::filesystem::path& file);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// Folders above the `files` folder are left out. nullopt at the end, when the whole file was read and is
  /// sound.
  std::optional<TarMember> next();
  /// The current member's content; what a sparse file leaves out is not told.
  void content(const std::function<void(std::string_view bytes, std::uint64_t offset)>& sink);
  std::uint64_t consumed() const { return m_source.consumed(); }
  /// "public/files" or "private/files", which all members lie below; empty before the first.
  std::string tree() const;

 private:
  struct Free {
    void operator()(archive* it) const;
  };
  static long read(archive*, void* self, const void** bytes);
  std::size_t fill();
  void check(int result);
  void read_to_the_end();
  [[noreturn]] void fail(const std::string& why) const;

  ArchiveLocale m_locale;
  std::filesystem::path m_file;
  Decompressor m_source;
  std::string m_buffer;
  std::uint64_t m_trailing_zeros = 0;
  std::exception_ptr m_failure;
  std::optional<std::string> m_root;  ///< of the first member: `./site/public/files`
  std::unique_ptr<archive, Free> m_archive;
};

}  // namespace bench
