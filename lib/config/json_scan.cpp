#include "config/json_scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace bench {

namespace {

using nlohmann::json;

std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

/// Where the token begins that holds `offset`.
std::size_t token_begin(std::string_view text, std::size_t offset) {
  std::size_t at = skip_json_space(text, 0);
  while (at < text.size()) {
    const std::size_t end = json_token_end(text, at);
    if (end > offset) break;
    at = skip_json_space(text, end);
  }
  return std::min(at, text.size());
}

// What writes a value calls itself for each level of it.
constexpr std::size_t deepest = 500;

/// Where the text has more than that many levels.
std::size_t too_deep_at(std::string_view text) {
  std::size_t depth = 0, at = skip_json_space(text, 0);
  while (at < text.size()) {
    if ((text[at] == '{' || text[at] == '[') && ++depth > deepest) break;
    if (text[at] == '}' || text[at] == ']') --depth;
    at = skip_json_space(text, json_token_end(text, at));
  }
  return at;
}

/// Accepts everything and remembers the first error.
class Validator : public nlohmann::json_sax<json> {
 public:
  std::optional<std::pair<std::size_t, std::string>> fault;
  bool is_too_deep() const { return m_depth > deepest; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return ++m_depth <= deepest; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return --m_depth, true; }
  bool start_array(std::size_t) override { return ++m_depth <= deepest; }
  bool end_array() override { return --m_depth, true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    fault.emplace(position, error.what());
    return false;
  }

 private:
  std::size_t m_depth = 0;
};

/// The parser's own words, without its preamble and without what it read last, which may be a secret.
std::string reason_in(std::string_view message) {
  if (message.find("out_of_range") != std::string_view::npos) return "a number is too large";
  constexpr std::string_view preamble = " - ";
  const auto begin = message.find(preamble);
  if (begin != std::string_view::npos) message.remove_prefix(begin + preamble.size());
  return std::string(message.substr(0, message.find("; last read")));
}

/// Words that Python's json or a person's habit writes where JSON has none for them.
bool is_foreign_word(std::string_view token) {
  static constexpr std::array<std::string_view, 8> words = {"NaN",   "Infinity", "-Infinity", "True",
                                                            "False", "None",     "undefined", "nan"};
  return std::find(words.begin(), words.end(), token) != words.end();
}

JsonFault explain(std::string_view text, std::size_t position, std::string_view message) {
  std::size_t offset = std::min(position == 0 ? 0 : position - 1, text.size());
  const std::size_t begin = token_begin(text, offset);
  const std::string_view token = text.substr(begin, json_token_end(text, begin) - begin);
  if (is_foreign_word(token)) return {begin, fmt::format("{} is not a JSON value", token)};
  const bool whole_token_is_wrong = message.find("; last read") == std::string_view::npos;
  if (whole_token_is_wrong) offset = begin;
  return {offset, reason_in(message)};
}

}  // namespace

std::size_t skip_json_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

std::size_t json_token_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  constexpr std::string_view marks = "{}[],:";
  if (text[at] == '"') return string_end(text, at);
  if (marks.find(text[at]) != std::string_view::npos) return at + 1;
  return std::min(text.find_first_of(" \t\r\n{}[],:\"", at + 1), text.size());
}

std::size_t json_value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  do {
    at = skip_json_space(text, at);
    const char first = at < text.size() ? text[at] : '\0';
    if (first == '{' || first == '[') ++depth;
    if (first == '}' || first == ']') --depth;
    at = json_token_end(text, at);
  } while (depth > 0 && at < text.size());
  return at;
}

std::optional<JsonFault> find_json_fault(std::string_view text) {
  // The parser skips a byte order mark and stops at a NUL; Frappe refuses the one, and a power cut may leave
  // the other.
  if (text.substr(0, 3) == "\xef\xbb\xbf") return JsonFault{0, "a byte order mark"};
  const auto nul = text.find('\0');
  if (nul != std::string_view::npos) return JsonFault{nul, "a NUL byte"};
  Validator validator;
  json::sax_parse(text.begin(), text.end(), &validator);
  if (validator.is_too_deep())
    return JsonFault{too_deep_at(text), fmt::format("more than {} levels", deepest)};
  if (!validator.fault) return std::nullopt;
  return explain(text, validator.fault->first, validator.fault->second);
}

std::string place_in(const std::filesystem::path& file, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto line_break = before.rfind('\n');
  const std::string_view line = line_break == std::string_view::npos ? before : before.substr(line_break + 1);
  const auto starts_character = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; };
  const auto characters = std::count_if(line.begin(), line.end(), starts_character);
  return fmt::format("{}:{}:{}", file.string(), lines + 1, characters + 1);
}

std::string text_of_json_string(std::string_view json_string) {
  return json::parse(json_string.begin(), json_string.end()).get<std::string>();
}

std::string json_string_of(std::string_view text) {
  try {
    return json(text).dump(-1, ' ', true);
  } catch (const json::type_error&) {
    throw Error(Kind::usage, "the value is not valid UTF-8", "give it in UTF-8");
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool same_json(std::string_view one, std::string_view other) {
  std::size_t a = skip_json_space(one, 0);
  std::size_t b = skip_json_space(other, 0);
  while (a < one.size() && b < other.size()) {
    const std::size_t a_end = json_token_end(one, a);
    const std::size_t b_end = json_token_end(other, b);
    const auto a_token = one.substr(a, a_end - a);
    const auto b_token = other.substr(b, b_end - b);
    const bool both_strings = a_token.front() == '"' && b_token.front() == '"';
    const bool same =
        a_token == b_token || (both_strings && text_of_json_string(a_token) == text_of_json_string(b_token));
    if (!same) return false;
    a = skip_json_space(one, a_end);
    b = skip_json_space(other, b_end);
  }
  return a == one.size() && b == other.size();
}

}  // namespace bench
