#include "backup/gzip_pool.hpp"

#include <zlib.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace bench {
namespace {

constexpr int level = 1;
constexpr int gzip_header = 16;  // added to the window bits, see deflateInit2

class Deflater {
 public:
  Deflater() {
    if (deflateInit2(&m_stream, level, Z_DEFLATED, MAX_WBITS + gzip_header, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error(Kind::unexpected, "cannot start gzip compression: out of memory");
  }
  ~Deflater() { deflateEnd(&m_stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void compress(std::string& input, std::string& output) {
    deflateReset(&m_stream);
    output.resize(deflateBound(&m_stream, input.size()));
    m_stream.next_in = reinterpret_cast<Bytef*>(input.data());
    m_stream.avail_in = static_cast<uInt>(input.size());
    m_stream.next_out = reinterpret_cast<Bytef*>(output.data());
    m_stream.avail_out = static_cast<uInt>(output.size());
    if (deflate(&m_stream, Z_FINISH) != Z_STREAM_END)
      throw Error(Kind::unexpected, "gzip compression failed");
    output.resize(m_stream.total_out);
  }

 private:
  z_stream m_stream{};
};

}  // namespace

GzipPool::GzipPool(unsigned threads, ByteSink sink) : m_sink(std::move(sink)), m_limit(threads + 2) {
  m_filling = empty_block();
  try {
    while (m_threads.size() < threads) m_threads.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    // Under a tight limit on threads fewer do, too.
    if (m_threads.empty()) throw system_error("cannot start a thread for compression", error.code().value());
  }
}

GzipPool::~GzipPool() {
  {
    const std::lock_guard lock(m_mutex);
    m_stopping = true;
  }
  m_has_work.notify_all();
  for (std::thread& thread : m_threads) thread.join();
}

void GzipPool::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), block_size - m_filling->input.size());
    m_filling->input.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (m_filling->input.size() == block_size) submit();
  }
}

void GzipPool::finish() {
  // An empty stream is one empty member: a file of no bytes would not be gzip.
  if (!m_filling->input.empty() || !m_submitted_any) submit();
  while (!m_under_way.empty()) send_oldest();
}

std::unique_ptr<GzipPool::Block> GzipPool::empty_block() {
  if (m_spare.empty()) {
    auto block = std::make_unique<Block>();
    block->input.reserve(block_size);
    return block;
  }
  std::unique_ptr<Block> block = std::move(m_spare.back());
  m_spare.pop_back();
  block->input.clear();
  block->done = false;
  return block;
}

void GzipPool::submit() {
  if (m_under_way.size() == m_limit) send_oldest();
  {
    const std::lock_guard lock(m_mutex);
    m_under_way.push_back(std::move(m_filling));
  }
  m_has_work.notify_one();
  m_submitted_any = true;
  m_filling = empty_block();
}

void GzipPool::send_oldest() {
  std::unique_ptr<Block> block;
  {
    std::unique_lock lock(m_mutex);
    m_has_result.wait(lock, [this] { return m_under_way.front()->done; });
    block = std::move(m_under_way.front());
    m_under_way.pop_front();
    --m_next;
  }
  if (block->failure) std::rethrow_exception(block->failure);
  m_sink(block->output);
  m_spare.push_back(std::move(block));
}

void GzipPool::work() {
  std::unique_ptr<Deflater> deflater;
  std::unique_lock lock(m_mutex);
  while (true) {
    m_has_work.wait(lock, [this] { return m_stopping || m_next < m_under_way.size(); });
    if (m_stopping) return;
    Block& block = *m_under_way[m_next++];
    lock.unlock();
    try {
      if (!deflater) deflater = std::make_unique<Deflater>();
      deflater->compress(block.input, block.output);
    } catch (...) {
      block.failure = std::current_exception();
    }
    lock.lock();
    block.done = true;
    m_has_result.notify_one();
  }
}

}  // namespace bench
