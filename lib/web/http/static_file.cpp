#include "web/http/static_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "web/http/content_coding.hpp"

namespace bench {

namespace {

struct Range {
  std::uint64_t first;
  std::uint64_t last;
};
enum class RangeAnswer { whole, part, unsatisfiable };

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

RangeAnswer read_range(std::string_view header, std::uint64_t size, Range& range) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit) || header.find(',') != std::string_view::npos) return RangeAnswer::whole;
  header.remove_prefix(unit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return RangeAnswer::whole;
  const auto first = number(header.substr(0, dash));
  const auto last = number(header.substr(dash + 1));
  if (dash == 0) {
    if (!last) return RangeAnswer::whole;
    if (*last == 0 || size == 0) return RangeAnswer::unsatisfiable;
    range = {size - std::min(*last, size), size - 1};
    return RangeAnswer::part;
  }
  const bool is_malformed = !first || (dash + 1 < header.size() && !last) || (last && *last < *first);
  if (is_malformed) return RangeAnswer::whole;
  if (*first >= size) return RangeAnswer::unsatisfiable;
  range = {*first, std::min(last.value_or(size - 1), size - 1)};
  return RangeAnswer::part;
}

// Each step is opened by itself, so that no link on the way is followed, not even one that appears meanwhile.
FileDescriptor open_below(const std::filesystem::path& folder, std::string_view path) {
  FileDescriptor at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (at && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string step(path.substr(0, end));
    const bool is_last = end == path.size();
    // What begins with a dot (.git, .env) lies there for whoever works in the folder, not for everybody.
    if (step.empty() || step.starts_with('.') || step.find('\0') != std::string::npos) return {};
    // A fifo would block the one who opens it.
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (is_last ? O_NONBLOCK : O_DIRECTORY);
    at = FileDescriptor(::openat(at.get(), step.c_str(), flags));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return at;
}

/// What is larger is sent as it lies there.
constexpr std::uint64_t most_compressed = 1U << 20U;

std::string content_of(const FileDescriptor& file, std::uint64_t size) {
  std::string content(size, '\0');
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + have, content.size() - have);
    // It became shorter meanwhile.
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  content.resize(have);
  return content;
}

}  // namespace

std::string_view media_type(const std::filesystem::path& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 26> types{{
      {".avif", "image/avif"},
      {".css", "text/css; charset=utf-8"},
      {".csv", "text/csv; charset=utf-8"},
      {".gif", "image/gif"},
      {".htm", "text/html; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".jpeg", "image/jpeg"},
      {".jpg", "image/jpeg"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".md", "text/markdown; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".mp3", "audio/mpeg"},
      {".mp4", "video/mp4"},
      {".pdf", "application/pdf"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".webm", "video/webm"},
      {".webp", "image/webp"},
      {".woff", "font/woff"},
      {".woff2", "font/woff2"},
      {".xml", "application/xml"},
      {".zip", "application/zip"},
  }};
  const std::string extension = lower_case(file.extension().string());
  const auto type =
      std::ranges::find(types, extension, &std::pair<std::string_view, std::string_view>::first);
  return type == types.end() ? "application/octet-stream" : type->second;
}

std::optional<HttpResponse> serve_file(const HttpRequest& request, const std::filesystem::path& folder,
                                       std::string_view path) {
  FileDescriptor file = open_below(folder, path);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::string tag =
      fmt::format("\"{:x}-{:x}{:09x}\"", size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);

  HttpResponse response = text_response(200, std::string(media_type(path)), "");
  response.headers.add("ETag", tag);
  response.headers.add("Last-Modified", http_date(status.st_mtim.tv_sec));
  response.headers.add("Accept-Ranges", "bytes");
  // Somebody's upload must not become a page of the site.
  response.headers.add("X-Content-Type-Options", "nosniff");
  // RFC 9110, 13.1.3: who sends a tag is not asked for the time. Only our own wording of it is the same time.
  const auto since = request.headers.find("If-Modified-Since");
  const bool is_known_by_time =
      !request.headers.find("If-None-Match") && since && *since == response.headers.get("Last-Modified");
  if (has_tag(request, tag) || is_known_by_time) {
    response.status = 304;
    return response;
  }
  Range range{0, size - 1};
  const auto condition = request.headers.find("If-Range");
  const bool wants_range = request.headers.find("Range") && (!condition || *condition == tag);
  const RangeAnswer answer =
      wants_range ? read_range(request.headers.get("Range"), size, range) : RangeAnswer::whole;
  if (answer == RangeAnswer::unsatisfiable) {
    response.status = 416;
    response.headers.add("Content-Range", fmt::format("bytes */{}", size));
    return response;
  }
  if (answer == RangeAnswer::part) {
    response.status = 206;
    response.headers.add("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.last, size));
    response.body = FilePart{std::move(file), range.first, range.last - range.first + 1};
  } else if (size <= most_compressed && is_to_be_compressed(request, media_type(path), size)) {
    // With the tag of its content, as all that is compressed has it.
    response.body = content_of(file, size);
  } else {
    response.body = FilePart{std::move(file), 0, size};
  }
  return response;
}

}  // namespace bench
