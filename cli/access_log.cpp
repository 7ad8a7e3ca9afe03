#include "access_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace bench::cli {

namespace {

constexpr std::size_t most_waiting = 65'536;

std::string json_text(std::string_view text) {
  std::string json;
  append_json_text(json, text);
  return json;
}

}  // namespace

AccessLog::AccessLog(std::filesystem::path file) : m_path(std::move(file)) {
  reopen();
}

void AccessLog::reopen() {
  FileDescriptor file = open_file(m_path, O_WRONLY | O_CREAT | O_APPEND, 0640);
  give_to_owner(file.get());
  const std::lock_guard lock(m_mutex);
  if (m_file) write_waiting();
  m_file = std::move(file);
}

void AccessLog::write(const Exchange& exchange, std::string_view client) {
  const std::string_view path = std::string_view(exchange.target).substr(0, exchange.target.find('?'));
  // Put together as text: a tree of JSON values would cost as much as a small answer.
  const std::string line = fmt::format(
      R"({{"time":"{}","client":{},"host":{},"method":{},"path":{},"status":{},"bytes":{},"duration_ms":{:.3f},"user_agent":{}}})"
      "\n",
      to_iso8601(Clock::now()), json_text(client), json_text(exchange.host), json_text(exchange.method),
      json_text(path), exchange.status, exchange.bytes,
      static_cast<double>(exchange.duration.count()) / 1'000, json_text(exchange.user_agent));
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(m_mutex);
  m_waiting += line;
  if (m_waiting.size() >= most_waiting || now - m_written_at >= longest_delay) write_waiting();
}

void AccessLog::flush() {
  const std::lock_guard lock(m_mutex);
  write_waiting();
}

void AccessLog::write_waiting() {
  if (m_waiting.empty()) return;
  m_written_at = std::chrono::steady_clock::now();
  try {
    write_all(m_file.get(), m_waiting, m_path);
    m_is_failing = false;
  } catch (const Error& error) {
    // A full disk must not stop the answers that the log tells about.
    if (!std::exchange(m_is_failing, true))
      fmt::print(stderr, "warning: the access log loses lines: {}\n", error.what());
  }
  m_waiting.clear();
}

}  // namespace bench::cli
