#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "web/http/message.hpp"

namespace bench {

/// A request target taken apart (RFC 9112, 3.2; RFC 3986): what is refused is nullopt — an absolute-form that
/// is not http, a broken percent-encoding, a NUL or another control character, and a path that leaves the
/// root by "..".
struct Target {
  std::string path;                   ///< a slash that was encoded is still "%2F" in it
  std::vector<std::string> segments;  ///< of the path, each decoded by itself
  HttpParameters query;
};
std::optional<Target> parse_target(std::string_view target);

/// application/x-www-form-urlencoded (https://url.spec.whatwg.org/#urlencoded-parsing); a broken
/// percent-encoding stays as it stands, and what is no UTF-8 becomes U+FFFD.
HttpParameters parse_form(std::string_view text);

/// Percent-encodes all but RFC 3986's unreserved characters, for one segment of a path or one value of a
/// query.
std::string percent_encoded(std::string_view text);

}  // namespace bench
