#pragma once

#include <csignal>
#include <future>
#include <utility>

namespace bench {

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

/// Does the work on a thread of its own, which takes no signals. The future waits for it when it is
/// destroyed.
template <typename Work>
auto do_beside(Work work) {
  const BlockedSignals blocked;
  return std::async(std::launch::async, std::move(work));
}

}  // namespace bench
