#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "users/users.hpp"

namespace bench {

/// Who a request comes from, as its cookie proves. Nothing of it is stored anywhere: that a login needs no
/// write is what lets people in while a site is read-only.
struct Session {
  std::string user;
  std::string password_mark;  ///< changes with the password, which ends all sessions
  Clock::time_point expires;
  std::string csrf_token;
};

/// What a cookie is signed with comes from the site's own configuration; see `session_key`.
class SessionSigner {
 public:
  explicit SessionSigner(std::string key) : m_key(std::move(key)) {}

  /// The cookie's value for a user who has just proven who they are.
  std::string issue(const User& user, Clock::time_point expires) const;
  /// nullopt when it is not ours, was changed, or is over. Whether the account still exists, may log in and
  /// has this password (`is_current`) is for the caller to ask.
  std::optional<Session> verify(std::string_view cookie, Clock::time_point now) const;
  static bool is_current(const Session& session, const User& user);

 private:
  std::string m_key;
};

/// The value of the cookie `name` in a Cookie header (RFC 6265, 4.2); empty when there is none.
std::string_view cookie(std::string_view header, std::string_view name);

/// Slows guessing down: after five wrong passwords for one account from one address, or twenty from one
/// address, that one has to wait, twice as long each time, up to five minutes. Kept in memory.
class LoginThrottle {
 public:
  /// How long until the next try; zero when it may be now.
  std::chrono::seconds wait(const std::string& address, const std::string& user, Clock::time_point now);
  void note_failure(const std::string& address, const std::string& user, Clock::time_point now);
  void note_success(const std::string& address, const std::string& user);

 private:
  struct Failures {
    int count = 0;
    Clock::time_point last;
  };
  static std::chrono::seconds pause_after(const Failures& failures, int free);
  void forget_old(Clock::time_point now);
  std::mutex m_mutex;
  std::map<std::string, Failures> m_failures;
  Clock::time_point m_forgot_at;
};

}  // namespace bench
