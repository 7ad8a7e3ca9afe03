#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  /// Lower-case hexadecimal; the object must not be used afterwards.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

std::string sha256(std::string_view bytes);
/// `go_on` is called before each piece that is read; what it throws ends the reading.
std::string sha256_of_file(
    const std::filesystem::path& path, const std::function<void()>& go_on = [] {});

/// HMAC-SHA-256 (RFC 2104), as lower-case hexadecimal.
std::string hmac_sha256(std::string_view key, std::string_view message);
/// Whether the two are equal; how long it takes does not tell where they differ.
bool is_same_secret(std::string_view left, std::string_view right);

/// Of the system's generator.
std::string random_bytes(std::size_t count);
/// `count` such bytes, as lower-case hexadecimal.
std::string random_hex(std::size_t count);

}  // namespace bench
