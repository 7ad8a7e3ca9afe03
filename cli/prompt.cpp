#include "prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/file.hpp"
#include "operation/interruption.hpp"

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

}  // namespace bench::cli
