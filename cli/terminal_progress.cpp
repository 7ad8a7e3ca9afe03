#include "terminal_progress.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

namespace bench::cli {

namespace {

using namespace std::chrono_literals;

std::string clock_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::array<char, 16> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
  return {text.data(), size};
}

std::string bar(std::uint64_t done, std::uint64_t total) {
  constexpr std::size_t width = 24;
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * width);
  return fmt::format("[{}{}] {:3.0f} %", std::string(filled, '#'), std::string(width - filled, '.'),
                     share * 100);
}

}  // namespace

TerminalProgress::TerminalProgress(Printer& printer, LogFile log)
    : m_printer(printer), m_log(std::move(log)) {}

TerminalProgress::~TerminalProgress() {
  end();
}

void TerminalProgress::phase(std::string_view text) {
  end();
  m_phase = text;
  m_began = clock_time();
  m_elapsed = Stopwatch();
  m_drawn.reset();
  m_log.line("info", text);
  if (m_printer.shows_status())
    m_printer.status(fmt::format("{}  {}", m_began, m_phase));
  else
    m_printer.note(fmt::format("{}  {}", m_began, m_phase));
}

void TerminalProgress::advance(std::uint64_t done, std::uint64_t total) {
  if (!m_printer.shows_status() || m_phase.empty() || total == 0) return;
  if (m_drawn && m_drawn->elapsed() < 100ms) return;
  m_drawn.emplace();
  m_printer.status(fmt::format("{}  {}  {}", m_began, m_phase, bar(done, total)));
}

void TerminalProgress::note(std::string_view text) {
  m_log.line("info", text);
  m_printer.note(fmt::format("          {}", text));
}

void TerminalProgress::warning(std::string_view text) {
  m_log.line("warning", text);
  m_printer.warning(text);
}

void TerminalProgress::end() {
  if (m_phase.empty()) return;
  const std::string took = format_duration(m_elapsed.elapsed());
  m_log.line("info", fmt::format("{}: took {}", m_phase, took));
  if (m_printer.shows_status()) m_printer.note(fmt::format("{}  {}  ({})", m_began, m_phase, took));
  m_phase.clear();
}

}  // namespace bench::cli
