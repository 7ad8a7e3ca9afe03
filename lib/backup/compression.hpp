#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "database/exporter.hpp"

namespace bench {

enum class Compression { none, gzip, zstd };
/// "", ".gz", ".zst"
std::string_view suffix(Compression compression);

/// Compresses a stream on all processors. Pieces leave in order through `sink`, on the thread that calls
/// `write` and `finish`. Memory is bounded: about 2 MiB a processor with gzip, 8 MiB with zstd, at most 16
/// processors.
///
/// gzip: RFC 1952 members of 1 MiB of content each, which every gunzip reads as one file, at level 1:
/// measured on SQL text, a processor does 84 MB/s at level 1, 77 at 3, 53 at 4 and 43 at 6 (gzip's own
/// default), for files that are 53, 53, 51 and 50 % of the text. Whoever wants smaller files takes zstd (RFC
/// 8878, at level 2: with two processors a dump then takes 1.0 to 1.1 times what copying the file and `zstd
/// -3` of the copy take, and is smaller).
class Compressor {
 public:
  Compressor(Compression compression, ByteSink sink);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  void write(std::string_view bytes);
  /// Ends the stream; everything has left through the sink when it returns. Errors of the sink or of a worker
  /// are thrown here or by `write`.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// Reads a file that is compressed with gzip (one member or many), zstd, or not at all; told apart by its
/// first bytes. Error{bad_backup} with the path when the stream is cut off or broken: a file is only whole
/// when the source has answered 0.
class Decompressor {
 public:
  explicit Decompressor(const std::filesystem::path& file);
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  /// See ByteSource.
  std::size_t read(std::span<char> buffer);
  /// Bytes of the file read so far, for progress.
  std::uint64_t consumed() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bench
