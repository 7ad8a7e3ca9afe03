#pragma once

#include <functional>

#include <sys/types.h>

namespace bench::test {

/// A copy of this process that is there to be killed: it runs `action` and ends without any destructor. Fork
/// before threads are started.
class ForkedChild {
 public:
  /// `action` gets a function that tells the parent that it has come so far.
  explicit ForkedChild(const std::function<void(const std::function<void()>& ready)>& action);
  ~ForkedChild() { kill(); }
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  /// False when the child ended without having come there.
  bool wait_until_ready();
  /// SIGKILL; returns when it is gone.
  void kill();
  pid_t pid() const { return m_pid; }

 private:
  pid_t m_pid = -1;
  int m_ready = -1;
};

}  // namespace bench::test
