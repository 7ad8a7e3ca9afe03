#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "operation/operation.hpp"
#include "site/site.hpp"

namespace bench {

/// A window that is planned, for the site's pages: `announcement.json` in the site's folder, {"at", "until",
/// "reason"}; the times as ISO 8601, and the last two may be missing.
struct Announcement {
  Clock::time_point at;
  std::optional<Clock::time_point> until;
  std::string reason;

  /// When it is over: an hour after it was to begin, where no end is named and no window came.
  Clock::time_point end() const { return until.value_or(at + std::chrono::hours(1)); }
};

/// nullopt when there is none, or none that can be read, or it is over.
std::optional<Announcement> read_announcement(const Site& site);
void announce(const Site& site, const Announcement& announcement);
/// Whether there was one.
bool take_back_announcement(const Site& site);

/// For the window that comes now: its record gets what was announced for about this time, but for a reason
/// that it has itself.
void note_announcement(const Site& site, Operation& operation);
/// Takes back what was announced for a time that has begun.
void end_announcement(const Site& site);

}  // namespace bench
