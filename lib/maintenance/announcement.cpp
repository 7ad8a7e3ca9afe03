#include "maintenance/announcement.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace bench {

namespace {

std::string text_of(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::optional<Announcement> read_announcement(const Site& site) {
  const auto text = read_file_if_exists(site.announcement_file());
  if (!text) return std::nullopt;
  const nlohmann::json file = nlohmann::json::parse(*text, nullptr, false);
  if (!file.is_object()) return std::nullopt;
  const auto at = from_iso8601(text_of(file, "at"));
  const auto until = from_iso8601(text_of(file, "until"));
  if (!at) return std::nullopt;
  Announcement announcement{.at = *at, .until = until, .reason = text_of(file, "reason")};
  if (announcement.end() < Clock::now()) return std::nullopt;
  return announcement;
}

void announce(const Site& site, const Announcement& announcement) {
  nlohmann::ordered_json file{{"at", to_iso8601(announcement.at)}};
  if (announcement.until) file["until"] = to_iso8601(*announcement.until);
  if (!announcement.reason.empty()) file["reason"] = announcement.reason;
  write_file_atomically(site.announcement_file(), json_text(file, 1) + "\n", 0644);
}

bool take_back_announcement(const Site& site) {
  return std::filesystem::remove(site.announcement_file());
}

void note_announcement(const Site& site, Operation& operation) {
  // One that is planned for another time tells nothing of this window.
  constexpr std::chrono::minutes may_come_early{15};
  const auto announced = read_announcement(site);
  if (!announced || announced->at - may_come_early > Clock::now()) return;
  operation.update([&announced](nlohmann::json& record) {
    if (!announced->reason.empty() && !record.contains("reason")) record["reason"] = announced->reason;
    if (announced->until) record["expected_end"] = to_iso8601(*announced->until);
  });
}

void end_announcement(const Site& site) {
  const auto announced = read_announcement(site);
  if (announced && announced->at <= Clock::now()) take_back_announcement(site);
}

}  // namespace bench
