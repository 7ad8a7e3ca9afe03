#include "database/mariadb/statement_watch.hpp"

#include <utility>

namespace bench {

namespace {

// A statement that is shorter than this is not worth a second connection.
constexpr std::chrono::milliseconds pause{50};

}  // namespace

StatementWatch::StatementWatch(std::function<bool()> cancelled, std::function<void()> cancel)
    : m_cancelled(std::move(cancelled)), m_cancel(std::move(cancel)), m_thread([this] { watch(); }) {}

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
    m_changed.wait_for(lock, pause);
    if (m_stop || !m_running || std::chrono::steady_clock::now() - m_begun < pause) continue;
    if (!m_was_cancelled && !m_cancelled()) continue;
    m_was_cancelled = true;
    m_cancel();
  }
}

}  // namespace bench
