#include "database/postgres/watcher.hpp"

#include <csignal>

#include <chrono>
#include <utility>

namespace bench {

namespace {

constexpr std::chrono::milliseconds between_questions{20};

/// A thread that starts while this lives takes no signals: they belong to the main thread.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t m_before{};
};

}  // namespace

StatementWatcher::StatementWatcher(std::function<bool()> cancelled, std::function<void()> cancel)
    : m_cancelled(std::move(cancelled)), m_cancel(std::move(cancel)) {
  const BlockedSignals blocked;
  m_thread = std::thread([this] { watch(); });
}

StatementWatcher::~StatementWatcher() {
  {
    const std::lock_guard lock(m_mutex);
    m_stopping = true;
  }
  m_changed.notify_one();
  m_thread.join();
}

void StatementWatcher::statement_begins() {
  const std::lock_guard lock(m_mutex);
  m_running = true;
  m_sent = false;
}

bool StatementWatcher::statement_ends() {
  const std::lock_guard lock(m_mutex);
  m_running = false;
  return m_sent;
}

// The cancel is sent again and again: one that comes before the server has read the statement does nothing.
void StatementWatcher::watch() {
  std::unique_lock lock(m_mutex);
  while (!m_changed.wait_for(lock, between_questions, [this] { return m_stopping; })) {
    if (!m_running || !(m_sent || m_cancelled())) continue;
    m_sent = true;
    m_cancel();
  }
}

}  // namespace bench
