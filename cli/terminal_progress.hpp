#pragma once

#include <optional>
#include <string>

#include "base/log_file.hpp"
#include "base/progress.hpp"
#include "base/time.hpp"
#include "output.hpp"

namespace bench::cli {

/// Progress for people on stderr (a line a phase; on a terminal with a bar, and with its duration once it
/// ended) and for later in a log file.
class TerminalProgress : public Progress {
 public:
  TerminalProgress(Printer& printer, LogFile log);
  ~TerminalProgress() override;
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void phase(std::string_view text) override;
  void advance(std::uint64_t done, std::uint64_t total) override;
  void note(std::string_view text) override;
  void warning(std::string_view text) override;
  void detail(std::string_view text) override { log("info", text); }

  /// The last phase is over; what follows is the result.
  void end();
  void log(std::string_view level, std::string_view text) noexcept { m_log.line(level, text); }

 private:
  Printer& m_printer;
  LogFile m_log;
  std::string m_phase;
  std::string m_began;
  Stopwatch m_elapsed;
  std::optional<Stopwatch> m_drawn;
};

}  // namespace bench::cli
