#include "web/session.hpp"

#include <catch2/catch.hpp>

#include "users/password.hpp"

using namespace bench;

namespace {

User ada() {
  return {.name = "ada@example.org", .full_name = "Ada", .role = Role::writer, .password_hash = "a hash"};
}

}  // namespace

TEST_CASE("a session is known by its cookie until it is over") {
  const SessionSigner signer("key");
  const auto now = Clock::now();
  const std::string cookie = signer.issue(ada(), now + std::chrono::hours(1));
  const auto session = signer.verify(cookie, now);
  REQUIRE(session);
  CHECK(session->user == "ada@example.org");
  CHECK(SessionSigner::is_current(*session, ada()));
  CHECK_FALSE(signer.verify(cookie, now + std::chrono::hours(2)));
  CHECK(signer.issue(ada(), now + std::chrono::hours(1)) != cookie);
}

TEST_CASE("a cookie that was changed, or signed with another key, is nobody's") {
  const SessionSigner signer("key");
  const auto now = Clock::now();
  const std::string cookie = signer.issue(ada(), now + std::chrono::hours(1));
  CHECK_FALSE(SessionSigner("other key").verify(cookie, now));
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == '1' ? '2' : '1';
    CHECK_FALSE(signer.verify(changed, now));
  }
  for (const char* text : {"", ".", "..", "1.2.3.4.5.6", "Administrator"})
    CHECK_FALSE(signer.verify(text, now));
}

TEST_CASE("a new password, or an account that is closed, ends its sessions") {
  const SessionSigner signer("key");
  const auto now = Clock::now();
  const auto session = signer.verify(signer.issue(ada(), now + std::chrono::hours(1)), now);
  REQUIRE(session);
  User changed = ada();
  changed.password_hash = "another hash";
  CHECK_FALSE(SessionSigner::is_current(*session, changed));
  User closed = ada();
  closed.enabled = false;
  CHECK_FALSE(SessionSigner::is_current(*session, closed));
}

TEST_CASE("a cookie is found among others") {
  CHECK(cookie("a=1; sid=x.y; b=2", "sid") == "x.y");
  CHECK(cookie("sid=x", "sid") == "x");
  CHECK(cookie("xsid=x; other", "sid").empty());
  CHECK(cookie("", "sid").empty());
}

TEST_CASE("whoever guesses has to wait, longer each time, and others do not") {
  LoginThrottle throttle;
  const auto now = Clock::now();
  for (int i = 0; i < 4; ++i) throttle.note_failure("1.2.3.4", "ada", now);
  CHECK(throttle.wait("1.2.3.4", "ada", now).count() == 0);
  throttle.note_failure("1.2.3.4", "ada", now);
  CHECK(throttle.wait("1.2.3.4", "ada", now).count() == 1);
  for (int i = 0; i < 20; ++i) throttle.note_failure("1.2.3.4", "ada", now);
  CHECK(throttle.wait("1.2.3.4", "ada", now).count() == 300);
  CHECK(throttle.wait("1.2.3.4", "bob", now).count() > 0);
  CHECK(throttle.wait("5.6.7.8", "ada", now).count() == 0);
  CHECK(throttle.wait("1.2.3.4", "ada", now + std::chrono::hours(1)).count() == 0);
}

TEST_CASE("a password is kept as argon2id and known again") {
  const std::string hash = hash_password("correct horse");
  CHECK(hash.starts_with("$argon2id$"));
  CHECK(is_password_of(hash, "correct horse"));
  CHECK_FALSE(is_password_of(hash, "correct horsf"));
  CHECK_FALSE(is_password_of("", ""));
  CHECK_FALSE(is_password_of("", "the hash of an account without one"));
  CHECK_FALSE(is_password_of("no hash", "x"));
}
