#include "base/child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds grace{5000};
constexpr milliseconds question_interval{50};
// One that writes faster than we listen must not keep us from looking at the clock.
constexpr std::size_t listening_turn = std::size_t{1} << 18U;
// What a child has written lies in the pipe when it ends. More can only come from a process that it left
// behind.
constexpr std::size_t largest_pipe = std::size_t{1} << 20U;

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

/// The child puts its ends at 0, 1 and 2: they must not already lie there, as they would when we were started
/// without.
FileDescriptor above_standard(FileDescriptor file) {
  if (file.get() > STDERR_FILENO) return file;
  FileDescriptor moved(fcntl(file.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved) throw system_error("cannot duplicate a descriptor", errno);
  return moved;
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("cannot create a pipe", errno);
  FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  return {above_standard(std::move(read_end)), above_standard(std::move(write_end))};
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) entries.emplace_back(text);
  }
  for (const auto& [key, value] : changes) entries.emplace_back(key).append("=").append(value);
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

bool is_program(const std::filesystem::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::string search_path(const ChildCommand& command) {
  if (const auto own = command.environment.find("PATH"); own != command.environment.end()) return own->second;
  const char* ours = std::getenv("PATH");
  return ours != nullptr ? ours : "/usr/local/bin:/usr/bin:/bin";
}

std::filesystem::path find_program(const ChildCommand& command) {
  const std::string& program = command.argv.front();
  if (program.find('/') != std::string::npos) return std::filesystem::absolute(program);
  const std::string folders = search_path(command);
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    auto candidate = std::filesystem::absolute(folders.substr(start, end - start) + "/" + program);
    if (end > start && is_program(candidate)) return candidate;
    start = end + 1;
  }
  throw Error(Kind::configuration, "cannot run '" + program + "': there is no such program in PATH",
              "install it, or name it with its path");
}

/// What the child could not do, as it tells it through the pipe that a successful exec closes.
struct StartFailure {
  enum class Step : int { descriptors, folder, program } step;
  int error_number;
};

/// All that the child needs, made before the fork: after it, only async-signal-safe calls are allowed.
struct Launch {
  explicit Launch(const ChildCommand& command)
      : program(find_program(command)),
        folder(command.folder),
        argv_texts(command.argv),
        environment_texts(merged_environment(command.environment)),
        argv(pointers(argv_texts)),
        environment(pointers(environment_texts)),
        inherited(command.inherited),
        failure(make_pipe()) {
    if (command.output == ChildCommand::Output::capture) {
      out = make_pipe();
      err = make_pipe();
    }
    if (out.write_end || isatty(STDIN_FILENO) != 0) null = above_standard(open_file("/dev/null", O_RDONLY));
  }

  std::filesystem::path program;
  std::filesystem::path folder;
  std::vector<std::string> argv_texts;
  std::vector<std::string> environment_texts;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<int> inherited;
  Pipe failure;
  Pipe out;
  Pipe err;
  FileDescriptor null;
};

[[noreturn]] void fail_in_child(const Launch& launch, StartFailure::Step step) {
  const StartFailure failure{step, errno};
  // A report this small is written whole or not at all; when the parent is gone nobody needs it.
  [[maybe_unused]] const ssize_t written = write(launch.failure.write_end.get(), &failure, sizeof failure);
  _exit(127);
}

bool place(const FileDescriptor& file, int number) {
  return !file || dup2(file.get(), number) == number;
}

bool keep_only(const std::vector<int>& inherited) {
  if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return false;
  return std::all_of(inherited.begin(), inherited.end(), [](int descriptor) {
    const int flags = fcntl(descriptor, F_GETFD);
    return flags >= 0 && fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC) == 0;
  });
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_in_child(const Launch& launch) {
  setpgid(0, 0);
  reset_signals();
  const bool placed = place(launch.null, STDIN_FILENO) && place(launch.out.write_end, STDOUT_FILENO) &&
                      place(launch.err.write_end, STDERR_FILENO);
  if (!placed || !keep_only(launch.inherited)) fail_in_child(launch, StartFailure::Step::descriptors);
  if (!launch.folder.empty() && chdir(launch.folder.c_str()) != 0) {
    fail_in_child(launch, StartFailure::Step::folder);
  }
  execve(launch.program.c_str(), launch.argv.data(), launch.environment.data());
  fail_in_child(launch, StartFailure::Step::program);
}

/// Whoever started us may have left SIGCHLD ignored: then the kernel would throw a child's exit code away.
void keep_exit_codes() {
  struct sigaction action {};
  if (sigaction(SIGCHLD, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) signal(SIGCHLD, SIG_DFL);
}

pid_t fork_child(const Launch& launch) {
  keep_exit_codes();
  // Blocked, so that none of our handlers runs in the child before it has reset them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) run_in_child(launch);
  const int error_number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw system_error("cannot start '" + launch.program.string() + "'", error_number);
  return pid;
}

/// Not glibc's pidfd_open: its header gives it C++ linkage in the version of Debian 12.
int open_exit_descriptor(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

/// A child that was forked. Destroyed before it was reaped (an exception is on its way), it is killed with
/// its group.
class RunningChild {
 public:
  explicit RunningChild(pid_t pid) : m_pid(pid), m_exit(open_exit_descriptor(pid)) {}
  RunningChild(const RunningChild&) = delete;
  RunningChild& operator=(const RunningChild&) = delete;
  ~RunningChild() {
    if (m_pid <= 0) return;
    signal_group(SIGKILL);
    reap();
  }

  /// A descriptor that is readable once the child has ended; negative where the kernel has none.
  int exit_descriptor() const { return m_exit.get(); }

  bool has_ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == m_pid;
  }

  /// Also goes on with those that were stopped, which would not see the signal otherwise.
  void signal_group(int number) const {
    kill(-m_pid, number);
    kill(-m_pid, SIGCONT);
  }

  int reap() {
    int status = 0;
    while (waitpid(m_pid, &status, 0) < 0 && errno == EINTR) continue;
    m_pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t m_pid;
  FileDescriptor m_exit;
};

ssize_t read_retrying(int descriptor, void* buffer, std::size_t size) {
  ssize_t count = 0;
  do {
    count = read(descriptor, buffer, size);
  } while (count < 0 && errno == EINTR);
  return count;
}

void throw_start_failure(const StartFailure& failure, const ChildCommand& command) {
  const std::string reason = std::string(": ") + std::strerror(failure.error_number);
  std::string what = "cannot run '" + command.argv.front() + "'";
  if (failure.step == StartFailure::Step::folder) what += " in '" + command.folder.string() + "'";
  if (failure.step == StartFailure::Step::descriptors) what += " with its descriptors";
  throw Error(Kind::configuration, what + reason);
}

/// One captured stream.
class Capture {
 public:
  Capture(FileDescriptor file, const std::function<void(std::string_view)>& listener, std::string& text)
      : m_file(std::move(file)), m_listener(listener), m_text(text) {
    if (m_file) fcntl(m_file.get(), F_SETFL, O_NONBLOCK);
  }

  int descriptor() const { return m_file.get(); }

  /// Takes what has arrived, up to `most` bytes and a piece.
  void drain(std::size_t most) {
    for (std::size_t taken = 0; m_file && taken < most;) {
      const ssize_t count = read_retrying(m_file.get(), m_piece.data(), m_piece.size());
      if (count < 0 && errno == EAGAIN) return;
      if (count < 0) throw system_error("cannot read a child's output", errno);
      if (count == 0) return m_file.reset();
      deliver({m_piece.data(), static_cast<std::size_t>(count)});
      taken += static_cast<std::size_t>(count);
    }
  }

 private:
  void deliver(std::string_view piece) {
    if (m_listener) {
      m_listener(piece);
    } else {
      m_text += piece;
    }
  }

  FileDescriptor m_file;
  const std::function<void(std::string_view)>& m_listener;
  std::string& m_text;
  std::array<char, 65536> m_piece{};
};

/// When to end a child that does not end by itself, and how far that has gone.
class Deadline {
 public:
  Deadline(const ChildCommand& command, ChildResult& result) : m_command(command), m_result(result) {
    if (command.timeout) m_end = m_start + *command.timeout;
  }

  void enforce(const RunningChild& child) {
    const auto now = SteadyClock::now();
    if (was_enforced()) {
      if (now >= m_kill_at) child.signal_group(SIGKILL);
      return;
    }
    m_result.timed_out = now >= m_end;
    m_result.stopped = !m_result.timed_out && should_stop(now);
    if (!m_result.timed_out && !m_result.stopped) return;
    child.signal_group(SIGTERM);
    m_kill_at = now + grace;
  }

  bool was_enforced() const { return m_kill_at != never; }

  /// How long nothing needs to be enforced.
  milliseconds pause() const {
    if (was_enforced() || m_command.should_stop) return question_interval;
    if (m_end == never) return milliseconds(-1);
    const auto left = std::chrono::ceil<milliseconds>(m_end - SteadyClock::now());
    return std::clamp(left, milliseconds(0), milliseconds(60'000));
  }

 private:
  bool should_stop(SteadyClock::time_point now) {
    if (!m_command.should_stop || now < m_next_question) return false;
    m_next_question = now + question_interval;
    return m_command.should_stop();
  }

  const ChildCommand& m_command;
  ChildResult& m_result;
  SteadyClock::time_point m_start = SteadyClock::now();
  SteadyClock::time_point m_next_question = m_start;
  static constexpr SteadyClock::time_point never = SteadyClock::time_point::max();
  SteadyClock::time_point m_end = never;
  SteadyClock::time_point m_kill_at = never;
};

void wait_for_news(const RunningChild& child, const Capture& out, const Capture& err, milliseconds pause) {
  // Without a descriptor for the end of the child, its end is looked for as often as `should_stop` is asked.
  if (child.exit_descriptor() < 0 && (pause.count() < 0 || pause > question_interval))
    pause = question_interval;
  std::array<pollfd, 3> news{
      {{child.exit_descriptor(), POLLIN, 0}, {out.descriptor(), POLLIN, 0}, {err.descriptor(), POLLIN, 0}}};
  if (poll(news.data(), news.size(), static_cast<int>(pause.count())) < 0 && errno != EINTR) {
    throw system_error("cannot wait for a child", errno);
  }
}

}  // namespace

ChildResult run_child(const ChildCommand& command) {
  if (command.argv.empty()) throw Error(Kind::unexpected, "cannot run a command without a name");
  Launch launch(command);
  ChildResult result;
  RunningChild child(fork_child(launch));
  launch.failure.write_end.reset();
  launch.out.write_end.reset();
  launch.err.write_end.reset();

  StartFailure failure{};
  if (read_retrying(launch.failure.read_end.get(), &failure, sizeof failure) == sizeof failure) {
    throw_start_failure(failure, command);
  }

  Capture out(std::move(launch.out.read_end), command.on_stdout, result.stdout_text);
  Capture err(std::move(launch.err.read_end), command.on_stderr, result.stderr_text);
  Deadline deadline(command, result);
  while (!child.has_ended()) {
    wait_for_news(child, out, err, deadline.pause());
    out.drain(listening_turn);
    err.drain(listening_turn);
    deadline.enforce(child);
  }
  // While the child is not reaped its group's number is not given to anybody else.
  if (deadline.was_enforced()) child.signal_group(SIGKILL);
  out.drain(largest_pipe);
  err.drain(largest_pipe);
  result.exit_code = child.reap();
  return result;
}

}  // namespace bench
