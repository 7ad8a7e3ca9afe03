#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "web/http/message.hpp"

namespace bench {

/// The media type by the name's extension; "application/octet-stream" when it is not known.
std::string_view media_type(const std::filesystem::path& file);

/// The file `path` (relative, decoded) under `folder`, with ETag, Last-Modified and byte ranges (RFC 9110,
/// 13 and 14; one range, others get the whole file). nullopt when there is no such regular file, or when
/// the way to it leaves the folder, goes through a link, or has a name that begins with a dot.
std::optional<HttpResponse> serve_file(const HttpRequest& request, const std::filesystem::path& folder,
                                       std::string_view path);

}  // namespace bench
