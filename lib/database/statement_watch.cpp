#include "database/statement_watch.hpp"

#include <utility>

#include "base/thread.hpp"

namespace bench {

StatementWatch::StatementWatch(std::function<bool()> cancelled, std::function<void()> cancel,
                               std::chrono::milliseconds pause)
    : m_cancelled(std::move(cancelled)), m_cancel(std::move(cancel)), m_pause(pause) {
  const BlockedSignals blocked;
  m_thread = std::thread([this] { watch(); });
}

StatementWatch::~StatementWatch() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_changed.notify_one();
  m_thread.join();
}

void StatementWatch::begin() {
  const std::lock_guard lock(m_mutex);
  m_running = true;
  m_was_cancelled = false;
  m_begun = std::chrono::steady_clock::now();
}

bool StatementWatch::end() {
  const std::lock_guard lock(m_mutex);
  m_running = false;
  return m_was_cancelled;
}

void StatementWatch::watch() {
  std::unique_lock lock(m_mutex);
  while (!m_stop) {
    m_changed.wait_for(lock, m_pause);
    if (m_stop || !m_running || std::chrono::steady_clock::now() - m_begun < m_pause) continue;
    if (!m_was_cancelled && !m_cancelled()) continue;
    m_was_cancelled = true;
    m_cancel();
  }
}

}  // namespace bench
