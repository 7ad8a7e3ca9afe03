#include <fmt/format.h>

#include "base/time.hpp"
#include "context.hpp"
#include "maintenance/announcement.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct AnnounceFlags {
  std::optional<std::string> at, reason;
  std::optional<std::chrono::milliseconds> length;
  bool cancel = false;
};

/// "2026-11-21T22:00:00Z", "+2h", or "22:00": the next time that this host's clock shows it.
Clock::time_point moment(const std::string& text) {
  if (const auto absolute = from_iso8601(text)) return *absolute;
  if (text.starts_with('+'))
    if (const auto later = parse_duration(text.substr(1))) return Clock::now() + *later;
  std::tm parts{};
  const char* const end = ::strptime(text.c_str(), "%H:%M", &parts);
  if (end == nullptr || *end != '\0')
    throw Error(Kind::usage, fmt::format("--at: '{}' is no time", text),
                "write 22:00, +2h or 2026-11-21T22:00:00Z");
  const std::time_t now = Clock::to_time_t(Clock::now());
  std::tm today{};
  ::localtime_r(&now, &today);
  today.tm_hour = parts.tm_hour;
  today.tm_min = parts.tm_min;
  today.tm_sec = 0;
  today.tm_isdst = -1;
  std::tm tomorrow = today;
  const std::time_t time = ::mktime(&today);
  if (time > now) return Clock::from_time_t(time);
  ++tomorrow.tm_mday;
  return Clock::from_time_t(::mktime(&tomorrow));
}

Outcome change_announcement(const Site& site, const AnnounceFlags& flags) {
  Outcome outcome;
  if (flags.cancel) {
    const bool was_there = take_back_announcement(site);
    outcome.result = {{"at", nullptr}, {"until", nullptr}, {"reason", nullptr}, {"changed", was_there}};
    outcome.text = fmt::format("{}: {}\n", site.name(),
                               was_there ? "nothing is announced any more" : "nothing was announced");
    return outcome;
  }
  Announcement announcement{.at = moment(*flags.at), .until = {}, .reason = flags.reason.value_or("")};
  if (flags.length) announcement.until = announcement.at + *flags.length;
  if (announcement.until.value_or(announcement.at) < Clock::now())
    throw Error(Kind::usage, fmt::format("{} is over", to_iso8601(announcement.at)),
                "announce a time that is to come");
  announce(site, announcement);
  const auto until = announcement.until ? to_iso8601(*announcement.until) : "";
  outcome.result = {{"at", to_iso8601(announcement.at)},
                    {"until", text_or_null(until)},
                    {"reason", text_or_null(announcement.reason)},
                    {"changed", true}};
  outcome.text = fmt::format("{}: maintenance is announced for {}{}\n", site.name(),
                             to_iso8601(announcement.at), until.empty() ? "" : " to " + until);
  return outcome;
}

}  // namespace

Run declare_announce_maintenance(CLI::App& app) {
  examples(app, {"bench --site develop announce-maintenance --at 22:00 --for 30m --reason 'new version'",
                 "bench --site all announce-maintenance --cancel"});
  auto flags = std::make_shared<AnnounceFlags>();
  CLI::Option* at = add_text(app, "--at", flags->at, "22:00, +2h or 2026-11-21T22:00:00Z", "TIME");
  only_with(at, add_duration(app, "--for", flags->length, "how long it will take"));
  only_with(at, add_text(app, "--reason", flags->reason, "what for, in words for the site's users"));
  never_with(at, add_flag(app, "--cancel", flags->cancel, "take the announcement back"));
  return [flags](Context& context) {
    if (!flags->at && !flags->cancel) throw Error(Kind::usage, "say when it begins", "add --at 22:00");
    context.for_each_site([&](const Site& site) { return change_announcement(site, *flags); });
  };
}

}  // namespace bench::cli
