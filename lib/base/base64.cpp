#include "base/base64.hpp"

#include <openssl/evp.h>

namespace bench {

std::string to_base64(std::string_view bytes) {
  // OpenSSL ends it with a NUL.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace bench
