#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

/// Where a running operation says what it does. The command line shows it; the site's log keeps it with
/// times.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A new phase begins, such as "taking a backup"; it ends the one before.
  virtual void phase(std::string_view text) = 0;
  /// How far the phase is; `total` 0 means unknown.
  virtual void advance(std::uint64_t done, std::uint64_t total) = 0;
  /// One line worth reading afterwards.
  virtual void note(std::string_view text) = 0;
  virtual void warning(std::string_view text) = 0;
  /// For whoever reads the log later.
  virtual void detail(std::string_view text) = 0;
};

/// Says nothing.
class SilentProgress : public Progress {
 public:
  void phase(std::string_view) override {}
  void advance(std::uint64_t, std::uint64_t) override {}
  void note(std::string_view) override {}
  void warning(std::string_view) override {}
  void detail(std::string_view) override {}
};

/// Notes what an operation waits for, once that has taken a second, and every ten seconds from then on.
class WaitNotes {
 public:
  /// nullptr: says nothing.
  explicit WaitNotes(Progress* progress) : m_progress(progress) {}
  /// To be called again and again while the wait lasts; `told` makes the line.
  void still_waiting(const std::function<std::string()>& told) {
    if (m_progress == nullptr || std::chrono::steady_clock::now() < m_next) return;
    m_progress->note(told());
    m_next = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  }

 private:
  Progress* m_progress;
  std::chrono::steady_clock::time_point m_next = std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

}  // namespace bench
