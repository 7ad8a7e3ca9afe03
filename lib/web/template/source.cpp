#include "web/template/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "web/template/text.hpp"

namespace bench {

namespace {

constexpr std::size_t most_bytes = 16U << 20U;

std::string with_line_feeds(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    lines += text[at] == '\r' ? '\n' : text[at];
  }
  if (lines.ends_with('\n')) lines.pop_back();
  return lines;
}

}  // namespace

TemplateSource::TemplateSource(std::string_view given, std::string from)
    : text(with_line_feeds(given)), file(std::move(from)) {
  if (text.size() > most_bytes)
    throw Error(Kind::configuration, file + ": a template may have at most 16 MB", "split it");
}

std::string TemplateSource::place(std::uint32_t at) const {
  const std::string_view before = std::string_view(text).substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;
  return fmt::format("{}:{}:{}", file, std::count(before.begin(), before.end(), '\n') + 1,
                     count_characters(before.substr(line_start)) + 1);
}

void TemplateSource::fail(std::uint32_t at, std::string_view message, std::string hint) const {
  throw Error(Kind::configuration, fmt::format("{}: {}", place(at), message), std::move(hint));
}

}  // namespace bench
