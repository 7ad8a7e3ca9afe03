#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// `integer`: 0 or more; `port`: of TCP, 1 to 65535; `names`: a list of text.
enum class KeyType { integer, port, boolean, string, names, object, any };
enum class Secrecy { open, secret };

/// One configuration key that bench knows. `boolean` keys hold 0 or 1 (as Frappe writes them) or true and
/// false.
struct ConfigKey {
  std::string_view name;
  KeyType type;
  Secrecy secrecy;
  std::string_view meaning;
  std::vector<std::string_view> values = {};  ///< all that the value may be; empty: anything of the type
};

/// THE key table: Frappe's keys, and bench's own.
const std::vector<ConfigKey>& config_keys();
const ConfigKey* find_config_key(std::string_view name);

/// Whether the key's value must be masked: secret by the table, or, for unknown keys, by its name (password,
/// secret, token,
/// ..._key).
bool is_secret_key(std::string_view name);

/// The known key that an unknown `name` looks like, if any.
std::optional<std::string> similar_config_key(std::string_view name);

/// What the key's value must be, for messages: "a whole number", "0 or 1", "text", "an object", "one of
/// 'gzip', 'zstd'".
std::string expectation(const ConfigKey& key);

}  // namespace bench
