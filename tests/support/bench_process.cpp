#include "support/bench_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bench::test {

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::map<std::string, std::string> variables = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const bool is_ours = name.starts_with("BENCH_") || name.starts_with("FRAPPE_");
    if (equals != std::string::npos && !is_ours) variables.emplace(name, text.substr(equals + 1));
  }
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.push_back(name + "=" + value);
  return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void redirect(int target, const char* path, int flags) {
  const int descriptor = open(path, flags | O_CLOEXEC, 0600);
  if (descriptor < 0 || dup2(descriptor, target) < 0) _exit(126);
}

}  // namespace

BenchProcess::BenchProcess(const std::vector<std::string>& arguments,
                           const std::map<std::string, std::string>& environment) {
  std::vector<std::string> argv = {BENCH_PROGRAM};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment_with(environment);
  const std::vector<char*> argv_pointers = pointers_to(argv);
  const std::vector<char*> variable_pointers = pointers_to(variables);
  const std::string out = m_folder / "stdout";
  const std::string err = m_folder / "stderr";
  m_pid = fork();
  if (m_pid < 0) throw std::runtime_error("cannot fork");
  if (m_pid > 0) return;
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
  execve(argv_pointers.front(), argv_pointers.data(), variable_pointers.data());
  _exit(127);
}

BenchProcess::~BenchProcess() {
  if (!m_ended) kill();
}

bool BenchProcess::wait_until_paused() {
  while (waitpid(m_pid, &m_status, WUNTRACED) < 0) {
    if (errno != EINTR) throw std::runtime_error("cannot wait for bench");
  }
  m_ended = !WIFSTOPPED(m_status);
  return !m_ended;
}

void BenchProcess::resume() const {
  send(SIGCONT);
}

void BenchProcess::send(int signal) const {
  if (m_ended) throw std::logic_error("bench has ended already");
  ::kill(m_pid, signal);
}

void BenchProcess::kill() {
  send(SIGKILL);
  wait();
}

int BenchProcess::wait() {
  while (!m_ended) {
    if (waitpid(m_pid, &m_status, 0) >= 0) {
      m_ended = true;
    } else if (errno != EINTR) {
      m_ended = true;
      m_status = -1;
    }
  }
  return WIFSIGNALED(m_status) ? 128 + WTERMSIG(m_status) : WEXITSTATUS(m_status);
}

std::string BenchProcess::stdout_text() const {
  return text_of(m_folder / "stdout");
}
std::string BenchProcess::stderr_text() const {
  return text_of(m_folder / "stderr");
}

BenchResult run_bench(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment) {
  BenchProcess process(arguments, environment);
  const int exit_code = process.wait();
  return {exit_code, process.stdout_text(), process.stderr_text()};
}

std::vector<std::string> temporaries_under(const std::filesystem::path& folder) {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".bench-tmp")) result.push_back(name);
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace bench::test
