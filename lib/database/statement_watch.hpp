#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace bench {

/// Asks while a statement runs whether it is to be cancelled, and cancels it from a thread of its own: the
/// connection itself waits for the server then.
class StatementWatch {
 public:
  /// Neither may throw. A statement is first asked about when it has run for `pause`, then again and again;
  /// `cancel` is called anew until it has ended: one that comes before the server has read the statement does
  /// nothing.
  StatementWatch(std::function<bool()> cancelled, std::function<void()> cancel,
                 std::chrono::milliseconds pause);
  ~StatementWatch();
  StatementWatch(const StatementWatch&) = delete;
  StatementWatch& operator=(const StatementWatch&) = delete;

  void begin();
  /// Returns when no `cancel` is under way any more, so that none can hit the next statement. Whether the
  /// statement was cancelled.
  bool end();

 private:
  void watch();

  std::function<bool()> m_cancelled;
  std::function<void()> m_cancel;
  std::chrono::milliseconds m_pause;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  bool m_running = false;
  bool m_was_cancelled = false;
  bool m_stop = false;
  std::chrono::steady_clock::time_point m_begun;
  std::thread m_thread;
};

}  // namespace bench
