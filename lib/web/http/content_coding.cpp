#include "web/http/content_coding.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

constexpr std::size_t worth_compressing = 1'000;

constexpr std::string_view blanks = " \t";

// Calls `see` with each member of a comma-separated list.
template <typename See>
bool any_member(std::string_view list, See see) {
  while (!list.empty()) {
    if (see(trimmed(take_until(list, ','), blanks))) return true;
  }
  return false;
}

bool is_refused(std::string_view parameters) {
  const std::size_t weight = parameters.find("q=");
  if (weight == std::string_view::npos) return false;
  return parameters.substr(weight + 2).find_first_not_of("0. \t") == std::string_view::npos;
}

bool is_compressible(std::string_view type) {
  return type.starts_with("text/") || type.starts_with("application/json") ||
         type.starts_with("application/problem+json") || type.starts_with("application/javascript") ||
         type.starts_with("image/svg+xml");
}

}  // namespace

bool has_tag(const HttpRequest& request, std::string_view tag) {
  const auto wanted = request.headers.find("If-None-Match");
  return wanted && any_member(*wanted, [tag](std::string_view one) {
           if (one.starts_with("W/")) one.remove_prefix(2);
           return one == "*" || one == tag;
         });
}

bool accepts_gzip(const HttpRequest& request) {
  return any_member(request.headers.get("Accept-Encoding"), [](std::string_view member) {
    const std::size_t end = std::min(member.find(';'), member.size());
    const std::string_view coding = trimmed(member.substr(0, end), blanks);
    return (coding == "gzip" || coding == "*") && !is_refused(member.substr(end));
  });
}

bool is_to_be_compressed(const HttpRequest& request, std::string_view type, std::uint64_t size) {
  return size >= worth_compressing && is_compressible(type) && accepts_gzip(request);
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  constexpr int with_gzip_header = 15 + 16;
  constexpr int quick = 1;
  if (deflateInit2(&stream, quick, Z_DEFLATED, with_gzip_header, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error(Kind::unexpected, "zlib cannot begin to compress");
  std::string result(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib reads through a pointer that is not const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int end = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (end != Z_STREAM_END) throw Error(Kind::unexpected, "zlib cannot compress");
  return result;
}

HttpResponse with_validators(HttpResponse response, const HttpRequest& request, std::string_view variant) {
  std::string* const body = response.text();
  if (body == nullptr || response.status != 200) return response;
  response.headers.add("Vary", "Accept-Encoding, Cookie");
  const bool compress = is_to_be_compressed(request, response.headers.get("Content-Type"), body->size());
  if (request.is_read() && response.headers.get("Cache-Control") != "no-store") {
    const std::string tag = fmt::format("\"{:x}-{:016x}{}{}\"", body->size(), std::hash<std::string>{}(*body),
                                        variant, compress ? "-gzip" : "");
    response.headers.set("ETag", tag);
    if (has_tag(request, tag)) {
      response.status = 304;
      body->clear();
      return response;
    }
  }
  if (compress) {
    *body = gzip(*body);
    response.headers.set("Content-Encoding", "gzip");
  }
  return response;
}

}  // namespace bench
