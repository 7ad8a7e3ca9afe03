#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "database/exporter.hpp"

namespace bench {

/// The gzip half of Compressor: cuts the stream into blocks, lets threads make a gzip member of each, and
/// hands the members to `sink` in order. At most two blocks more than there are threads are under way.
class GzipPool {
 public:
  GzipPool(unsigned threads, ByteSink sink);
  ~GzipPool();
  GzipPool(const GzipPool&) = delete;
  GzipPool& operator=(const GzipPool&) = delete;

  void write(std::string_view bytes);
  void finish();

  static constexpr std::size_t block_size = std::size_t{1} << 20;

 private:
  struct Block {
    std::string input;
    std::string output;
    std::exception_ptr failure;
    bool done = false;
  };

  std::unique_ptr<Block> empty_block();
  void submit();
  void send_oldest();
  void work();

  ByteSink m_sink;
  std::size_t m_limit;
  std::unique_ptr<Block> m_filling;
  std::vector<std::unique_ptr<Block>> m_spare;
  bool m_submitted_any = false;

  std::mutex m_mutex;
  std::condition_variable m_has_work;
  std::condition_variable m_has_result;
  std::deque<std::unique_ptr<Block>> m_under_way;  ///< oldest first
  std::size_t m_next = 0;  ///< index in m_under_way of the first block no thread has taken
  bool m_stopping = false;
  std::vector<std::thread> m_threads;
};

}  // namespace bench
