#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <limits>

namespace bench {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

struct UtcTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<microseconds> time;
};

UtcTime to_utc(Clock::time_point time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {day, std::chrono::hh_mm_ss(std::chrono::floor<microseconds>(time - day))};
}

std::string format_utc(const UtcTime& utc, char separator) {
  return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", static_cast<int>(utc.date.year()),
                     static_cast<unsigned>(utc.date.month()), static_cast<unsigned>(utc.date.day()),
                     separator, utc.time.hours().count(), utc.time.minutes().count(),
                     utc.time.seconds().count());
}

/// Takes `count` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  int number = 0;
  if (text.size() < count) return std::nullopt;
  for (const char digit : text.substr(0, count)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

std::optional<seconds> take_time(std::string_view& text) {
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59 || !take(text, ':')) return std::nullopt;
  const auto whole = take_number(text, 2);
  if (!whole || *whole > 59) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + seconds(*whole);
}

/// The digits after the point, up to nanoseconds; what is finer than the clock is cut.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return std::chrono::nanoseconds(0);
  std::int64_t value = 0;
  int digits = 0;
  while (const auto digit = take_number(text, 1)) {
    if (digits == 9) return std::nullopt;
    value = value * 10 + *digit;
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 9; ++digits) value *= 10;
  return std::chrono::nanoseconds(value);
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 4> units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

const Unit* take_unit(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of("0123456789"));
  for (const Unit& unit : units) {
    if (unit.name != word) continue;
    text.remove_prefix(word.size());
    return &unit;
  }
  return nullptr;
}

std::optional<std::int64_t> take_count(std::string_view& text) {
  std::int64_t count = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return count;
}

std::optional<std::int64_t> add_scaled(std::int64_t sum, std::int64_t count, std::int64_t factor) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(count, factor, &result) || __builtin_add_overflow(sum, result, &result)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace

std::string to_iso8601(Clock::time_point time) {
  const UtcTime utc = to_utc(time);
  return fmt::format("{}.{:03}Z", format_utc(utc, 'T'), utc.time.subseconds().count() / 1000);
}

std::optional<Clock::time_point> from_iso8601(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, 'T')) return std::nullopt;
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return std::nullopt;
  return std::chrono::time_point_cast<Clock::duration>(*date + *time) +
         std::chrono::duration_cast<Clock::duration>(*fraction);
}

std::string to_database_time(Clock::time_point time) {
  const UtcTime utc = to_utc(time);
  return fmt::format("{}.{:06}", format_utc(utc, ' '), utc.time.subseconds().count());
}

std::string to_backup_stamp(Clock::time_point time) {
  const std::time_t stamp = Clock::to_time_t(std::chrono::floor<seconds>(time));
  std::tm local{};
  tzset();  // localtime_r need not look at TZ itself
  localtime_r(&stamp, &local);
  return fmt::format("{:04}{:02}{:02}_{:02}{:02}{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min, local.tm_sec);
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  std::int64_t sum = 0;
  std::int64_t coarsest = std::numeric_limits<std::int64_t>::max();
  for (bool first = true; first || !text.empty(); first = false) {
    const auto count = take_count(text);
    if (!count) return std::nullopt;
    const Unit* unit = first && text.empty() ? &units[2] : take_unit(text);
    if (unit == nullptr || unit->milliseconds >= coarsest) return std::nullopt;
    coarsest = unit->milliseconds;
    const auto added = add_scaled(sum, *count, unit->milliseconds);
    if (!added) return std::nullopt;
    sum = *added;
  }
  return Milliseconds(sum);
}

std::string format_duration(Milliseconds duration) {
  const std::int64_t count = duration.count();
  if (count < 1000) return fmt::format("{} ms", count);
  const std::int64_t tenths = (count + 50) / 100;
  if (tenths < 600) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t whole = (count + 500) / 1000;
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // What would be shown as 1024.0 is shown as 1.0 of the next.
  for (; value >= 1023.95 && unit + 1 < names.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, names[unit]);
}

}  // namespace bench
