#include <zstd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "backup/compression.hpp"
#include "backup/gzip_pool.hpp"
#include "base/error.hpp"

namespace bench {
namespace {

constexpr int zstd_level = 2;
// zstd's default of 8 MiB a job would hold 60 MiB with two workers.
constexpr int zstd_job_size = 2 << 20;

unsigned worker_count() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
}

std::size_t check(std::size_t result) {
  if (ZSTD_isError(result))
    throw Error(Kind::unexpected, std::string("zstd compression failed: ") + ZSTD_getErrorName(result));
  return result;
}

class ZstdStream {
 public:
  explicit ZstdStream(ByteSink sink) : m_sink(std::move(sink)), m_context(ZSTD_createCCtx()) {
    if (!m_context) throw Error(Kind::unexpected, "cannot start zstd compression: out of memory");
    set(ZSTD_c_compressionLevel, zstd_level);
    set(ZSTD_c_checksumFlag, 1);
    // A libzstd that was built without threads refuses this, and then compresses on the caller's.
    if (!ZSTD_isError(
            ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_nbWorkers, static_cast<int>(worker_count()))))
      set(ZSTD_c_jobSize, zstd_job_size);
    m_buffer.resize(ZSTD_CStreamOutSize());
  }

  void write(std::string_view bytes) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) step(input, ZSTD_e_continue);
  }

  void finish() {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (step(input, ZSTD_e_end) != 0) {
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  void set(ZSTD_cParameter parameter, int value) {
    check(ZSTD_CCtx_setParameter(m_context.get(), parameter, value));
  }

  std::size_t step(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output{m_buffer.data(), m_buffer.size(), 0};
    const std::size_t left = check(ZSTD_compressStream2(m_context.get(), &output, &input, directive));
    if (output.pos > 0) m_sink({m_buffer.data(), output.pos});
    return left;
  }

  ByteSink m_sink;
  std::unique_ptr<ZSTD_CCtx, Free> m_context;
  std::string m_buffer;
};

}  // namespace

std::string_view suffix(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "";
    case Compression::gzip:
      return ".gz";
    case Compression::zstd:
      return ".zst";
  }
  return "";
}

struct Compressor::State {
  ByteSink sink;
  std::unique_ptr<GzipPool> gzip;
  std::unique_ptr<ZstdStream> zstd;
};

Compressor::Compressor(Compression compression, ByteSink sink) : m_state(std::make_unique<State>()) {
  switch (compression) {
    case Compression::none:
      m_state->sink = std::move(sink);
      break;
    case Compression::gzip:
      m_state->gzip = std::make_unique<GzipPool>(worker_count(), std::move(sink));
      break;
    case Compression::zstd:
      m_state->zstd = std::make_unique<ZstdStream>(std::move(sink));
      break;
  }
}

Compressor::~Compressor() = default;

void Compressor::write(std::string_view bytes) {
  if (m_state->gzip) return m_state->gzip->write(bytes);
  if (m_state->zstd) return m_state->zstd->write(bytes);
  m_state->sink(bytes);
}

void Compressor::finish() {
  if (m_state->gzip) m_state->gzip->finish();
  if (m_state->zstd) m_state->zstd->finish();
}

}  // namespace bench
