#include "base/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <string>
#include <system_error>

#include "base/error.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

FileDescriptor open_log(const std::filesystem::path& path) {
  // Links are not followed: under sudo, a link in the bench owner's folder must not lead root to another
  // file.
  // A pipe must not be waited for.
  constexpr int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  try {
    make_folders(path.parent_path());
    std::error_code ignored;
    const bool is_new = !std::filesystem::exists(path, ignored);
    FileDescriptor file = open_file(path, flags | O_CREAT, 0640);
    if (is_new) give_to_owner(file.get());
    return file;
  } catch (const Error&) {
    return {};
  }
}

/// Later lines of a text are indented, so that each line that starts with a time is an entry.
std::string entry(std::string_view level, std::string_view text) {
  std::string line = to_iso8601(Clock::now()) + " " + std::string(level) + " ";
  for (const char letter : text) {
    line += letter;
    if (letter == '\n') line += "    ";
  }
  return line + "\n";
}

}  // namespace

LogFile::LogFile(const std::filesystem::path& path) : m_file(open_log(path)) {}

void LogFile::line(std::string_view level, std::string_view text) noexcept {
  if (!m_file) return;
  try {
    write_all(m_file.get(), entry(level, text), "log");
  } catch (const std::exception&) {
    // A full disk or memory: by contract the log gives way to the operation it tells about.
    return;
  }
}

}  // namespace bench
