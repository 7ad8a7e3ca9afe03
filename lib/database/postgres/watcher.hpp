#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace bench {

/// Asks from a thread of its own whether the statement under way is to be cancelled: libpq gives control back
/// only when the server has answered.
class StatementWatcher {
 public:
  /// `cancelled` is asked every few milliseconds while a statement runs; when it says true, `cancel` is
  /// called.
  StatementWatcher(std::function<bool()> cancelled, std::function<void()> cancel);
  ~StatementWatcher();
  StatementWatcher(const StatementWatcher&) = delete;
  StatementWatcher& operator=(const StatementWatcher&) = delete;

  void statement_begins();
  /// Once it returns, no cancel is sent any more that could hit the next statement. Answers whether one was.
  bool statement_ends();

 private:
  void watch();
  std::function<bool()> m_cancelled;
  std::function<void()> m_cancel;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  bool m_running = false;
  bool m_sent = false;
  bool m_stopping = false;
  std::thread m_thread;
};

}  // namespace bench
