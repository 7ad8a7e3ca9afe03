#pragma once

#include <cstdint>
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
};

/// Says nothing.
class SilentProgress : public Progress {
 public:
  void phase(std::string_view) override {}
  void advance(std::uint64_t, std::uint64_t) override {}
  void note(std::string_view) override {}
  void warning(std::string_view) override {}
};

}  // namespace bench
