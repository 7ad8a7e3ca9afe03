#include "base/time.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace bench;
using namespace std::chrono_literals;

namespace {

Clock::time_point moment(std::int64_t microseconds_since_1970) {
  return Clock::time_point(std::chrono::microseconds(microseconds_since_1970));
}

/// Puts TZ back as it was.
class TimeZone {
 public:
  explicit TimeZone(const char* zone) {
    if (const char* old = std::getenv("TZ")) m_old = old;
    setenv("TZ", zone, 1);
  }
  ~TimeZone() {
    if (m_old) {
      setenv("TZ", m_old->c_str(), 1);
    } else {
      unsetenv("TZ");
    }
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  std::optional<std::string> m_old;
};

}  // namespace

TEST_CASE("a time as text, in the forms that records, databases and backup names have") {
  const auto time = moment(1'795'232'460'123'456);
  CHECK(to_iso8601(time) == "2026-11-21T03:41:00.123Z");
  CHECK(to_database_time(time) == "2026-11-21 03:41:00.123456");
  CHECK(to_iso8601(moment(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_iso8601(moment(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("the stamp of a backup is in local time") {
  const auto time = moment(1'795'232'460'999'999);
  {
    const TimeZone zone("UTC");
    CHECK(to_backup_stamp(time) == "20261121_034100");
  }
  {
    const TimeZone zone("IST-5:30");
    CHECK(to_backup_stamp(time) == "20261121_091100");
  }
}

TEST_CASE("ISO 8601 is read back") {
  CHECK(from_iso8601("2026-11-21T03:41:00.123Z") == moment(1'795'232'460'123'000));
  CHECK(from_iso8601("2026-11-21T03:41:00Z") == moment(1'795'232'460'000'000));
  CHECK(from_iso8601("2026-11-21T03:41:00.000001Z") == moment(1'795'232'460'000'001));
  CHECK(from_iso8601("2024-02-29T00:00:00Z") == moment(1'709'164'800'000'000));
}

TEST_CASE("what is not a time in ISO 8601 is refused") {
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T03:41:00", "2026-11-21 03:41:00Z", "2026-11-21T03:41:00+01:00",
        "2026-13-21T03:41:00Z", "2025-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T03:60:00Z",
        "2026-11-21T03:41:60Z", "2026-11-21T03:41:00.Z", "2026-11-21T03:41:00.1234567890Z",
        "2026-11-21T03:41:00Zx", "-026-11-21T03:41:00Z", "2026-1-21T03:41:00Z"}) {
    INFO(text);
    CHECK(from_iso8601(text) == std::nullopt);
  }
}

TEST_CASE("durations as people type them") {
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("1h2m3s4ms") == 1h + 2min + 3s + 4ms);
  CHECK(parse_duration("90") == 90s);
  CHECK(parse_duration("0") == 0s);
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text : {"", "s", "-1", "+1s", "1.5s", "10 s", "5x", "30m1h", "1s2s", "1h30",
                           "99999999999999999999", "9223372036854775807h", "9223372036854775807ms1s"}) {
    INFO(text);
    CHECK(parse_duration(text) == std::nullopt);
  }
}

TEST_CASE("durations for people") {
  CHECK(format_duration(0ms) == "0 ms");
  CHECK(format_duration(999ms) == "999 ms");
  CHECK(format_duration(1200ms) == "1.2 s");
  CHECK(format_duration(59'949ms) == "59.9 s");
  CHECK(format_duration(59'950ms) == "1 min 0 s");
  CHECK(format_duration(184s) == "3 min 4 s");
  CHECK(format_duration(2h + 5min + 59s) == "2 h 5 min");
}

TEST_CASE("sizes for people") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(1'288'490'189) == "1.2 GiB");
  CHECK(format_bytes(1'048'575) == "1.0 MiB");
  CHECK(format_bytes(18'446'744'073'709'551'615U) == "16.0 EiB");
}
