#include "prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/file.hpp"
#include "operation/interruption.hpp"
#include "users/users.hpp"

namespace bench::cli {

namespace {

/// stdin when a person types there; else, when stdin is a pipe but a person reads our questions, their
/// terminal.
std::optional<FileDescriptor> open_terminal() {
  if (::isatty(STDERR_FILENO) != 1) return std::nullopt;
  const char* path = "/dev/tty";
  FileDescriptor terminal(::isatty(STDIN_FILENO) == 1 ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                                      : ::open(path, O_RDWR | O_CLOEXEC));
  if (!terminal) return std::nullopt;
  return terminal;
}

/// While one is alive the terminal does not show what is typed.
class Hidden {
 public:
  explicit Hidden(int terminal) : m_terminal(terminal) {
    if (::tcgetattr(terminal, &m_before) != 0) return;
    termios silent = m_before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    m_changed = ::tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
  }
  ~Hidden() {
    if (m_changed) ::tcsetattr(m_terminal, TCSAFLUSH, &m_before);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  int m_terminal;
  termios m_before{};
  bool m_changed = false;
};

/// Up to the end of the line; nullopt when the terminal is closed first.
std::optional<std::string> read_line(int terminal) {
  std::string line;
  while (true) {
    throw_if_interrupted();
    pollfd ready{terminal, POLLIN, 0};
    // A signal may arrive just before poll begins: it must not wait for the next key.
    if (::poll(&ready, 1, 100) <= 0) continue;
    char byte = 0;
    const ssize_t count = ::read(terminal, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    if (byte == '\n') return line;
    line += byte;
  }
}

}  // namespace

void confirm_by_name(Context& context, const std::string& site, const std::string& what, Confirmed already) {
  if (already == Confirmed::yes || context.options().yes) return;
  const std::string hint = fmt::format("add --yes to {} without being asked", context.command().name);
  if (context.options().no_input) throw Error(Kind::usage, fmt::format("{}: this needs --yes", what), hint);
  const auto terminal = open_terminal();
  if (!terminal)
    throw Error(Kind::usage, fmt::format("{}: nobody can be asked, so this needs --yes", what), hint);
  context.printer().question(fmt::format("{}.\nType the site's name to go on: ", what));
  const auto answer = read_line(terminal->get());
  if (answer != site) {
    throw Error(Kind::usage, "that is not the site's name; nothing was changed",
                fmt::format("type {} when you are asked", site));
  }
}

std::string password_in_file(const std::string& file) {
  std::string text;
  try {
    text = read_file(file == "-" ? "/dev/stdin" : file);
  } catch (const Error& error) {
    throw error.with_kind(Kind::usage).with_hint("name a file that holds the password in its first line");
  }
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty())
    throw Error(Kind::usage, fmt::format("{} holds no password in its first line", file), "write it there");
  return line;
}

void check_new_password(Context& context, std::string_view password) {
  if (password.empty()) throw Error(Kind::usage, "an empty password lets nobody in", "choose another");
  if (password.size() < shortest_safe_password)
    context.printer().warning(
        fmt::format("the password is shorter than {} characters", shortest_safe_password));
}

std::string ask_new_password(Context& context, const std::string& whose, const std::string& option) {
  const std::string hint = fmt::format("give it in a file with {}", option);
  const auto terminal = context.options().no_input ? std::nullopt : open_terminal();
  if (!terminal)
    throw Error(Kind::usage, fmt::format("nobody can be asked for the password of {}", whose), hint);
  const Hidden hidden(terminal->get());
  context.printer().question(fmt::format("New password of {}: ", whose));
  const auto first = read_line(terminal->get());
  context.printer().question("\nOnce more: ");
  const auto second = read_line(terminal->get());
  context.printer().question("\n");
  if (!first || first != second)
    throw Error(Kind::usage, "the two passwords differ; nothing was changed", hint);
  return *first;
}

}  // namespace bench::cli
