#include "web/http/url.hpp"

#include <fmt/format.h>

#include <cctype>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

std::optional<char> hexadecimal(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) {
    if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) return std::nullopt;
    const int lower = std::tolower(static_cast<unsigned char>(digit));
    value = value * 16 + (lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return static_cast<char>(value);
}

enum class Plus { plus, space };
enum class Broken { refuse, keep };

std::optional<std::string> decoded(std::string_view text, Plus plus, Broken broken) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      result += ' ';
    } else if (text[i] == '%') {
      const auto byte = i + 2 < text.size() ? hexadecimal(text.substr(i + 1, 2)) : std::nullopt;
      if (!byte && broken == Broken::refuse) return std::nullopt;
      result += byte.value_or('%');
      if (byte) i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// RFC 3986, 5.2.4, before anything is decoded; what would climb above the root is refused and not forgotten,
// and so is a dot segment that hides behind its encoding.
std::optional<std::vector<std::string>> decoded_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::string_view raw = take_until(path, '/');
    if (raw.empty() || raw == ".") continue;
    if (raw == "..") {
      if (segments.empty()) return std::nullopt;
      segments.pop_back();
      continue;
    }
    auto segment = decoded(raw, Plus::plus, Broken::refuse);
    if (!segment || *segment == "." || *segment == ".." || has_control_character(*segment))
      return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  return segments;
}

std::string joined(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) {
    path += '/';
    for (const char c : segment) path += c == '/' ? std::string("%2F") : std::string(1, c);
  }
  return path.empty() ? "/" : path;
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  if (target.starts_with("http://")) {
    target.remove_prefix(std::min(target.find('/', 7), target.size()));
    if (target.empty()) target = "/";
  }
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('#'));
  auto segments = decoded_segments(take_until(target, '?'));
  if (!segments) return std::nullopt;
  std::string path = joined(*segments);
  return Target{.path = std::move(path), .segments = std::move(*segments), .query = parse_form(target)};
}

HttpParameters parse_form(std::string_view text) {
  HttpParameters parameters;
  while (!text.empty()) {
    std::string_view value = take_until(text, '&');
    if (value.empty()) continue;
    const std::string_view name = take_until(value, '=');
    parameters.add(to_utf8(*decoded(name, Plus::space, Broken::keep)),
                   to_utf8(*decoded(value, Plus::space, Broken::keep)));
  }
  return parameters;
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x80 && std::isalnum(byte) != 0) ||
        std::string_view("-._~").find(c) != std::string_view::npos)
      result += c;
    else
      result += fmt::format("%{:02X}", byte);
  }
  return result;
}

}  // namespace bench
