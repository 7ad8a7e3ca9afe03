#pragma once

#include <string>
#include <string_view>

namespace bench {

/// argon2id (RFC 9106) with 19 MiB and 2 passes, in its usual text form `$argon2id$v=19$m=...`.
std::string hash_password(std::string_view password);

/// Whether it is the password of that hash; false for a hash that cannot be read. It takes about as long
/// for an empty hash as for any other, so that the time does not tell which accounts there are.
bool is_password_of(const std::string& hash, std::string_view password);

}  // namespace bench
