#include "support/forked_child.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace bench::test {

namespace {

[[noreturn]] void run_and_end(const std::function<void(const std::function<void()>&)>& action, int ready) {
  // An exception must not reach the test program's own main.
  try {
    action([ready] {
      if (write(ready, "r", 1) != 1) _exit(2);
    });
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

}  // namespace

ForkedChild::ForkedChild(const std::function<void(const std::function<void()>&)>& action) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("cannot create a pipe");
  m_pid = fork();
  if (m_pid < 0) throw std::runtime_error("cannot fork");
  if (m_pid == 0) {
    close(ends[0]);
    run_and_end(action, ends[1]);
  }
  close(ends[1]);
  m_ready = ends[0];
}

bool ForkedChild::wait_until_ready() {
  char byte = 0;
  return read(m_ready, &byte, 1) == 1;
}

void ForkedChild::kill() {
  if (m_pid < 0) return;
  ::kill(m_pid, SIGKILL);
  waitpid(std::exchange(m_pid, -1), nullptr, 0);
  close(m_ready);
}

}  // namespace bench::test
