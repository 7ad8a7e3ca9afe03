#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "web/http/server.hpp"

namespace bench::cli {

/// One JSON object a line. The query is left out: people put secrets there.
class AccessLog {
 public:
  /// How much later than its answer a line may be in the file, when somebody calls `flush` that often.
  static constexpr std::chrono::milliseconds longest_delay{200};

  explicit AccessLog(std::filesystem::path file);
  ~AccessLog() { flush(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// From any thread. The lines of a crowd of requests are written together, one that comes alone at once.
  /// `client` is who asked, where the exchange's own is a proxy.
  void write(const Exchange& exchange, std::string_view client);
  void flush();
  /// What was told so far is in the old file, even where that was moved.
  void reopen();

 private:
  void write_waiting();

  std::filesystem::path m_path;
  std::mutex m_mutex;
  FileDescriptor m_file;
  bool m_is_failing = false;  ///< which is said once
  std::string m_waiting;
  std::chrono::steady_clock::time_point m_written_at;
};

}  // namespace bench::cli
