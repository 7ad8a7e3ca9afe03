#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "backup/compression.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {
namespace {

constexpr std::size_t input_size = std::size_t{256} << 10;
constexpr std::string_view gzip_magic("\x1f\x8b", 2);
constexpr std::string_view zstd_magic("\x28\xb5\x2f\xfd", 4);

/// The compressed file, a buffer at a time.
class Input {
 public:
  explicit Input(const std::filesystem::path& path)
      : m_path(path), m_file(open_file(path, O_RDONLY | O_CLOEXEC)), m_buffer(input_size, '\0') {}

  /// What is in the buffer; empty only at the end of the file.
  std::string_view peek() {
    if (m_begin == m_end) fill();
    return std::string_view(m_buffer).substr(m_begin, m_end - m_begin);
  }
  void consume(std::size_t count) {
    m_begin += count;
    m_consumed += count;
  }
  std::uint64_t consumed() const { return m_consumed; }

  [[noreturn]] void fail(std::string_view why) const {
    throw Error(Kind::bad_backup, m_path.string() + ": " + std::string(why));
  }

 private:
  // A first read may be short (a network file system); the format is told by bytes that must be there.
  void fill() {
    m_begin = 0;
    m_end = 0;
    while (m_end < m_buffer.size()) {
      const ssize_t count = ::read(m_file.get(), m_buffer.data() + m_end, m_buffer.size() - m_end);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw system_error("cannot read " + m_path.string(), errno);
      if (count == 0) return;
      m_end += static_cast<std::size_t>(count);
    }
  }

  std::filesystem::path m_path;
  FileDescriptor m_file;
  std::string m_buffer;
  std::size_t m_begin = 0;
  std::size_t m_end = 0;
  std::uint64_t m_consumed = 0;
};

/// One compression format; answers 0 only at the end of a whole stream.
class Format {
 public:
  virtual ~Format() = default;
  virtual std::size_t read(Input& input, std::span<char> buffer) = 0;
};

class PlainFormat : public Format {
 public:
  std::size_t read(Input& input, std::span<char> buffer) override {
    const std::size_t count = input.peek().copy(buffer.data(), buffer.size());
    input.consume(count);
    return count;
  }
};

class GzipFormat : public Format {
 public:
  GzipFormat() {
    if (inflateInit2(&m_stream, MAX_WBITS + 16) != Z_OK)
      throw Error(Kind::unexpected, "cannot start gzip decompression: out of memory");
  }
  ~GzipFormat() override { inflateEnd(&m_stream); }
  GzipFormat(const GzipFormat&) = delete;
  GzipFormat& operator=(const GzipFormat&) = delete;

  std::size_t read(Input& input, std::span<char> buffer) override {
    std::size_t produced = 0;
    while (produced == 0) {
      const std::string_view bytes = input.peek();
      if (bytes.empty()) {
        if (m_inside) input.fail("the file is cut off");
        return 0;
      }
      produced = inflate_some(input, bytes, buffer);
    }
    return produced;
  }

 private:
  std::size_t inflate_some(Input& input, std::string_view bytes, std::span<char> buffer) {
    m_inside = true;
    m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    m_stream.avail_in = static_cast<uInt>(bytes.size());
    m_stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    m_stream.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&m_stream, Z_NO_FLUSH);
    input.consume(bytes.size() - m_stream.avail_in);
    if (result == Z_STREAM_END) {
      inflateReset(&m_stream);
      m_inside = false;
    } else if (result != Z_OK) {
      input.fail(std::string("the gzip stream is broken") +
                 (m_stream.msg ? std::string(": ") + m_stream.msg : ""));
    }
    return buffer.size() - m_stream.avail_out;
  }

  z_stream m_stream{};
  bool m_inside = false;
};

class ZstdFormat : public Format {
 public:
  ZstdFormat() : m_context(ZSTD_createDCtx()) {
    if (!m_context) throw Error(Kind::unexpected, "cannot start zstd decompression: out of memory");
  }

  std::size_t read(Input& input, std::span<char> buffer) override {
    ZSTD_outBuffer output{buffer.data(), buffer.size(), 0};
    while (output.pos == 0) {
      const std::string_view bytes = input.peek();
      ZSTD_inBuffer compressed{bytes.data(), bytes.size(), 0};
      if (bytes.empty() && !m_inside) return 0;
      const std::size_t left = ZSTD_decompressStream(m_context.get(), &output, &compressed);
      if (ZSTD_isError(left))
        input.fail(std::string("the zstd stream is broken: ") + ZSTD_getErrorName(left));
      input.consume(compressed.pos);
      m_inside = left != 0;
      if (bytes.empty() && m_inside && output.pos == 0) input.fail("the file is cut off");
    }
    return output.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> m_context;
  bool m_inside = false;
};

std::unique_ptr<Format> recognise(Input& input) {
  const std::string_view start = input.peek();
  if (start.starts_with(gzip_magic)) return std::make_unique<GzipFormat>();
  if (start.starts_with(zstd_magic)) return std::make_unique<ZstdFormat>();
  return std::make_unique<PlainFormat>();
}

}  // namespace

struct Decompressor::State {
  explicit State(const std::filesystem::path& file) : input(file), format(recognise(input)) {}
  Input input;
  std::unique_ptr<Format> format;
};

Decompressor::Decompressor(const std::filesystem::path& file) : m_state(std::make_unique<State>(file)) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;

std::size_t Decompressor::read(std::span<char> buffer) {
  return m_state->format->read(m_state->input, buffer);
}

std::uint64_t Decompressor::consumed() const {
  return m_state->input.consumed();
}

}  // namespace bench
