#include "output.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace bench::cli {

namespace {

constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view yellow = "\x1b[1;33m";
constexpr std::string_view cyan = "\x1b[1;36m";
constexpr std::string_view bold = "\x1b[1m";

bool environment_allows_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

/// Answers 0, or the error number.
int write_to(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool begins_code_point(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}

std::string shortened(std::string_view text, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (begins_code_point(text[i]) && ++columns > width) return std::string(text.substr(0, i));
  }
  return std::string(text);
}

}  // namespace

Printer::Printer(Format format)
    : m_format(format),
      m_rich_stderr(::isatty(STDERR_FILENO) == 1 && environment_allows_colour()),
      m_terminal_stdout(::isatty(STDOUT_FILENO) == 1),
      m_terminal_stderr(::isatty(STDERR_FILENO) == 1) {
  if (format == Format::text) return;
  m_document = FileDescriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  // Without a stderr the children's words are lost, which is what its owner asked for.
  if (m_document && ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) ::close(STDOUT_FILENO);
}

void Printer::data(std::string_view text) {
  if (m_format == Format::text && !text.empty()) write_data(m_terminal_stdout ? visible(text) : text);
}

void Printer::document(std::string_view json) {
  write_data(std::string(json) + "\n");
}

std::optional<Error> Printer::output_error() const {
  if (m_stdout_error == 0 || m_stdout_error == EPIPE) return std::nullopt;
  return system_error("cannot write to standard output", m_stdout_error);
}

void Printer::write_data(std::string_view text) {
  clear_status();
  if (m_stdout_error == 0)
    m_stdout_error = write_to(m_format == Format::json ? m_document.get() : STDOUT_FILENO, text);
}

void Printer::heading(std::string_view text) {
  if (m_verbosity != Verbosity::quiet) message(painted(bold, text));
}

void Printer::note(std::string_view text) {
  if (m_verbosity != Verbosity::quiet) message(m_terminal_stderr ? visible(text) : std::string(text));
}

void Printer::detail(std::string_view text) {
  if (m_verbosity == Verbosity::verbose) note(text);
}

void Printer::warning(std::string_view text, std::string_view hint_text) {
  message(painted(yellow, "warning:") + " " + (m_terminal_stderr ? visible(text) : std::string(text)));
  hint(hint_text);
}

void Printer::error(const Error& error, std::string_view context) {
  const std::string text = context.empty() ? error.what() : fmt::format("{}: {}", context, error.what());
  message(painted(red, "error:") + " " + (m_terminal_stderr ? visible(text) : text));
  hint(error.hint());
}

void Printer::hint(std::string_view text) {
  if (!text.empty())
    message(painted(cyan, "hint:") + " " + (m_terminal_stderr ? visible(text) : std::string(text)));
}

void Printer::question(std::string_view text) {
  clear_status();
  write_to(STDERR_FILENO, visible(text));
}

void Printer::status(std::string_view line) {
  if (!shows_status()) return;
  write_to(STDERR_FILENO, "\r" + shortened(visible(line), terminal_width() - 1) + "\x1b[K");
  m_status_shown = true;
}

void Printer::clear_status() {
  if (!m_status_shown) return;
  write_to(STDERR_FILENO, "\r\x1b[K");
  m_status_shown = false;
}

void Printer::message(std::string_view text) {
  clear_status();
  // Whoever closed stderr does not want to hear of it; the exit code still tells.
  write_to(STDERR_FILENO, std::string(text) + "\n");
}

std::string Printer::painted(std::string_view colour, std::string_view text) const {
  if (!m_rich_stderr) return m_terminal_stderr ? visible(text) : std::string(text);
  return fmt::format("{}{}\x1b[0m", colour, visible(text));
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string visible(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += text[i];
    }
  }
  return result;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

}  // namespace bench::cli
