#include "web/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

constexpr std::chrono::minutes memory_of_failures{15};
constexpr std::chrono::seconds longest_pause{300};
constexpr std::size_t most_remembered = 50'000;

std::string mark_of(const User& user) {
  return sha256(user.password_hash).substr(0, 16);
}

std::string hex(std::string_view text) {
  std::string result;
  for (const char c : text) result += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return result;
}

std::optional<std::string> unhex(std::string_view digits) {
  std::string result;
  if (digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned int byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (error != std::errc() || end != digits.data() + i + 2) return std::nullopt;
    result += static_cast<char>(byte);
  }
  return result;
}

std::string key_of(const std::string& address, const std::string& user) {
  return fmt::format("{}\n{}", address, user);
}

}  // namespace

std::string SessionSigner::issue(const User& user, Clock::time_point expires) const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
  const std::string content =
      fmt::format("1.{}.{}.{}.{}", hex(user.name), mark_of(user), seconds, random_hex(8));
  return fmt::format("{}.{}", content, hmac_sha256(m_key, content));
}

std::optional<Session> SessionSigner::verify(std::string_view cookie, Clock::time_point now) const {
  const std::size_t last = cookie.rfind('.');
  if (last == std::string_view::npos) return std::nullopt;
  std::string_view content = cookie.substr(0, last);
  if (!is_same_secret(cookie.substr(last + 1), hmac_sha256(m_key, content))) return std::nullopt;
  if (take_until(content, '.') != "1") return std::nullopt;
  auto user = unhex(take_until(content, '.'));
  const std::string mark(take_until(content, '.'));
  const std::string_view seconds = take_until(content, '.');
  std::int64_t expires = 0;
  std::from_chars(seconds.data(), seconds.data() + seconds.size(), expires);
  const Clock::time_point end{std::chrono::seconds(expires)};
  if (!user || end <= now) return std::nullopt;
  return Session{.user = std::move(*user),
                 .password_mark = mark,
                 .expires = end,
                 .csrf_token = hmac_sha256(m_key, fmt::format("csrf.{}", cookie)).substr(0, 40)};
}

bool SessionSigner::is_current(const Session& session, const User& user) {
  return user.enabled && !user.password_hash.empty() && is_same_secret(session.password_mark, mark_of(user));
}

std::string_view cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    std::string_view pair = take_until(header, ';');
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return {};
}

std::chrono::seconds LoginThrottle::pause_after(const Failures& failures, int free) {
  if (failures.count < free) return std::chrono::seconds(0);
  const int doublings = std::min(failures.count - free, 9);
  return std::min(std::chrono::seconds(1LL << doublings), longest_pause);
}

std::chrono::seconds LoginThrottle::wait(const std::string& address, const std::string& user,
                                         Clock::time_point now) {
  const std::lock_guard lock(m_mutex);
  std::chrono::seconds longest{0};
  const std::array<std::pair<std::string, int>, 2> counted{
      {{key_of(address, user), 5}, {key_of(address, ""), 20}}};
  for (const auto& [key, free] : counted) {
    const auto found = m_failures.find(key);
    if (found == m_failures.end() || now - found->second.last > memory_of_failures) continue;
    const auto until = found->second.last + pause_after(found->second, free);
    longest = std::max(longest, std::chrono::ceil<std::chrono::seconds>(until - now));
  }
  return longest;
}

void LoginThrottle::note_failure(const std::string& address, const std::string& user, Clock::time_point now) {
  const std::lock_guard lock(m_mutex);
  const bool is_time = now - m_forgot_at > memory_of_failures;
  if (is_time || m_failures.size() >= most_remembered) forget_old(now);
  for (const std::string& key : {key_of(address, user), key_of(address, "")}) {
    Failures& failures = m_failures[key];
    if (now - failures.last > memory_of_failures) failures.count = 0;
    ++failures.count;
    failures.last = now;
  }
}

void LoginThrottle::note_success(const std::string& address, const std::string& user) {
  const std::lock_guard lock(m_mutex);
  m_failures.erase(key_of(address, user));
}

void LoginThrottle::forget_old(Clock::time_point now) {
  m_forgot_at = now;
  std::erase_if(m_failures,
                [now](const auto& entry) { return now - entry.second.last > memory_of_failures; });
  // Somebody who comes from that many addresses has made room for a new start.
  if (m_failures.size() >= most_remembered) m_failures.clear();
}

}  // namespace bench
