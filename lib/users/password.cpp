#include "users/password.hpp"

#include <sodium.h>

#include <array>

#include "base/error.hpp"

namespace bench {

namespace {

// What OWASP's Password Storage Cheat Sheet asks for at least: several at a time must fit into a small
// server.
constexpr std::size_t memory = 19 * 1024 * 1024;
constexpr unsigned long long passes = 2;

void start_library() {
  if (sodium_init() < 0) throw Error(Kind::unexpected, "libsodium cannot start");
}

// libsodium takes no null pointer, not even for no characters.
const char* characters_of(std::string_view password) {
  return password.empty() ? "" : password.data();
}

}  // namespace

std::string hash_password(std::string_view password) {
  start_library();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str_alg(hash.data(), characters_of(password), password.size(), passes, memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Error(Kind::unexpected, "there is no memory to hash a password");
  return hash.data();
}

bool is_password_of(const std::string& hash, std::string_view password) {
  start_library();
  static const std::string nobodys = hash_password("the hash of an account without one");
  const std::string& compared = hash.empty() ? nobodys : hash;
  const bool is_right =
      crypto_pwhash_str_verify(compared.c_str(), characters_of(password), password.size()) == 0;
  return is_right && !hash.empty();
}

}  // namespace bench
