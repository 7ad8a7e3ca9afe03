#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

using Clock = std::chrono::system_clock;
using Milliseconds = std::chrono::milliseconds;

/// "2026-11-21T03:41:00.123Z", for records and logs.
std::string to_iso8601(Clock::time_point time);
std::optional<Clock::time_point> from_iso8601(std::string_view text);

/// "2026-11-21 03:41:00.123456" in UTC, as the database's creation and modified columns hold it.
std::string to_database_time(Clock::time_point time);

/// "20261121_034100" in local time: the stamp in Frappe's backup names.
std::string to_backup_stamp(Clock::time_point time);

/// "10s", "5m", "1h30m", "250ms", or plain seconds; nullopt when it is none of these.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// "1.2 s", "3 min 4 s": for people.
std::string format_duration(Milliseconds duration);

/// "1.2 GiB": for people.
std::string format_bytes(std::uint64_t bytes);

/// Milliseconds since construction, on the monotonic clock.
class Stopwatch {
 public:
  Milliseconds elapsed() const {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - m_start);
  }

 private:
  std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

}  // namespace bench
