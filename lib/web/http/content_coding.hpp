#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "web/http/message.hpp"

namespace bench {

/// Whether If-None-Match names the entity tag, also as a weak one (RFC 9110, 13.1.2).
bool has_tag(const HttpRequest& request, std::string_view tag);
/// Whether the request's Accept-Encoding takes gzip (RFC 9110, 12.5.3).
bool accepts_gzip(const HttpRequest& request);

/// Whether a body of that type and size is worth it, for a client that takes it.
bool is_to_be_compressed(const HttpRequest& request, std::string_view type, std::uint64_t size);

/// gzip (RFC 1952), at a level that costs little.
std::string gzip(std::string_view text);

/// Gives a successful answer with a text body its ETag (of its content and of `variant`, such as the mode
/// that the page was made in), answers 304 when the client has it already, and compresses what is worth it.
/// Sets Vary.
HttpResponse with_validators(HttpResponse response, const HttpRequest& request, std::string_view variant);

}  // namespace bench
