#include "base/digest.hpp"

// Before any digest the newer interface (EVP) reads OpenSSL's configuration and sets up its providers, which
// takes a short command longer than all that it hashes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {

namespace {

std::string to_hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (std::size_t index = 0; index < count; ++index) {
    text += digits[bytes[index] >> 4U];
    text += digits[bytes[index] & 15U];
  }
  return text;
}

void require(bool worked) {
  if (!worked) throw Error(Kind::unexpected, "the SHA-256 of the system's OpenSSL does not work");
}

}  // namespace

struct Sha256::State {
  SHA256_CTX context;
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {
  require(SHA256_Init(&m_state->context) == 1);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  require(SHA256_Update(&m_state->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  require(SHA256_Final(digest.data(), &m_state->context) == 1);
  return to_hex(digest.data(), digest.size());
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.finish();
}

std::string sha256_of_file(const std::filesystem::path& path, const std::function<void()>& go_on) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  Sha256 digest;
  std::vector<char> piece(std::size_t{1} << 18U);
  for (;;) {
    go_on();
    const ssize_t count = read(file.get(), piece.data(), piece.size());
    if (count == 0) return digest.finish();
    if (count > 0) {
      digest.update({piece.data(), static_cast<std::size_t>(count)});
    } else if (errno != EINTR) {
      throw system_error("cannot read '" + path.string() + "'", errno);
    }
  }
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  // OpenSSL's own looks the digest up by its name each time, which takes longer than to hash a cookie.
  using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
  const auto digest_of = [](std::string_view begin, std::string_view end) {
    SHA256_CTX context;
    Digest digest{};
    require(SHA256_Init(&context) == 1 && SHA256_Update(&context, begin.data(), begin.size()) == 1 &&
            SHA256_Update(&context, end.data(), end.size()) == 1 &&
            SHA256_Final(digest.data(), &context) == 1);
    return digest;
  };
  const auto bytes_of = [](const Digest& digest) {
    return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
  };
  std::string inner(key.size() > SHA256_CBLOCK ? bytes_of(digest_of(key, {})) : std::string(key));
  inner.resize(SHA256_CBLOCK, '\0');
  std::string outer = inner;
  for (char& byte : inner) byte = static_cast<char>(byte ^ 0x36);
  for (char& byte : outer) byte = static_cast<char>(byte ^ 0x5c);
  const Digest digest = digest_of(outer, bytes_of(digest_of(inner, message)));
  return to_hex(digest.data(), digest.size());
}

bool is_same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = getrandom(bytes.data() + have, count - have, 0);
    if (got >= 0) {
      have += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      throw system_error("cannot get random bytes", errno);
    }
  }
  return bytes;
}

std::string random_hex(std::size_t count) {
  const std::string bytes = random_bytes(count);
  return to_hex(reinterpret_cast<const unsigned char*>(bytes.data()), count);
}

}  // namespace bench
