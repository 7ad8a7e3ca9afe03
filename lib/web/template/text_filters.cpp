#include "web/template/text_filters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;
constexpr auto npos = std::string_view::npos;

std::string escaped(const TemplateValue& value) {
  std::string html;
  append_escaped(html, value);
  return html;
}

std::string_view first_character(std::string_view text) {
  return characters(text, 0, 1);
}

/// An empty `old` stands before every character and at the end.
std::string replaced(std::string_view text, std::string_view old, std::string_view with, std::int64_t most) {
  std::string result;
  for (std::size_t at = 0;;) {
    const std::size_t found = most == 0 ? npos : text.find(old, at);
    if (found == npos) {
      result += text.substr(std::min(at, text.size()));
      return result;
    }
    check_text_size(result.size());
    result += text.substr(at, found - at);
    result += with;
    most -= most > 0 ? 1 : 0;
    at = found + old.size();
    if (!old.empty()) continue;
    if (at >= text.size()) return result;
    const std::string_view character = first_character(text.substr(at));
    result += character;
    at += character.size();
  }
}

void append_percent_encoded(std::string& out, std::string_view text, std::string_view also_kept) {
  constexpr std::string_view kept = "_.-~";
  for (const char character : text) {
    const bool is_letter = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    const bool is_digit = character >= '0' && character <= '9';
    if (is_letter || is_digit || kept.find(character) != npos || also_kept.find(character) != npos)
      out += character;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(character));
  }
}

/// As a form sends it: a blank is a plus sign.
void append_form_encoded(std::string& out, const TemplateValue& value) {
  const std::string text = printed(value);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t blank = std::min(text.find(' ', at), text.size());
    append_percent_encoded(out, std::string_view(text).substr(at, blank - at), "");
    if (blank < text.size()) out += '+';
    at = blank + 1;
  }
}

std::string without_comments_and_tags(std::string_view html) {
  std::string text;
  for (std::size_t at = 0; at < html.size();) {
    const std::string_view rest = html.substr(at);
    const bool is_comment = rest.starts_with("<!--") && rest.find("-->", 4) != npos;
    const std::size_t end = is_comment ? rest.find("-->", 4) + 3 : rest.find('>', 1) + 1;
    if (rest[0] == '<' && end != 0) {
      at += end;
    } else {
      text += rest[0];
      ++at;
    }
  }
  return text;
}

std::optional<char32_t> character_reference(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char32_t>, 7> named{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}, {"shy", 0xAD}}};
  for (const auto& [known, character] : named)
    if (name == known) return character;
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const bool is_hexadecimal = name.starts_with('x') || name.starts_with('X');
  if (is_hexadecimal) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, is_hexadecimal ? 16 : 10);
  const bool is_character = code > 0 && code < 0x110000 && (code < 0xD800 || code >= 0xE000);
  if (error != std::errc() || end != name.data() + name.size() || !is_character) return std::nullopt;
  return code;
}

std::string with_characters_for_references(std::string_view html) {
  std::string text;
  for (std::size_t at = 0; at < html.size();) {
    const std::size_t end = html[at] == '&' ? html.substr(at, 12).find(';') : npos;
    const auto character = end == npos ? std::nullopt : character_reference(html.substr(at + 1, end - 1));
    if (character)
      append_character(text, *character);
    else
      text += html[at];
    at += character ? end + 1 : 1;
  }
  return text;
}

std::string with_single_blanks(std::string_view text) {
  std::string result;
  for (std::size_t at = 0, next = 0; at < text.size(); at = next) {
    const char32_t character = character_at(text, at, next);
    if (!is_space(character))
      append_character(result, character);
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

bool is_among(std::string_view character, std::string_view set) {
  for (std::size_t at = 0, next = 0; at < set.size(); at = next) {
    character_at(set, at, next);
    if (set.substr(at, next - at) == character) return true;
  }
  return false;
}

std::string_view last_character(std::string_view text) {
  const std::size_t begin = character_begin(text, text.size() - 1);
  std::size_t next = 0;
  character_at(text, begin, next);
  return next == text.size() ? text.substr(begin) : text.substr(text.size() - 1);
}

}  // namespace

TemplateValue text_like(const TemplateValue& original, std::string text) {
  return original.is_safe() ? TemplateValue::safe(std::move(text)) : TemplateValue(std::move(text));
}

TemplateValue capitalize_text(const TemplateValue& input, const BuiltinArguments&) {
  const std::string text = printed(input);
  const std::string_view head = first_character(text);
  return text_like(input, in_case(head, LetterCase::upper) +
                              in_case(std::string_view(text).substr(head.size()), LetterCase::lower));
}

TemplateValue lower_text(const TemplateValue& input, const BuiltinArguments&) {
  return text_like(input, in_case(printed(input), LetterCase::lower));
}

TemplateValue upper_text(const TemplateValue& input, const BuiltinArguments&) {
  return text_like(input, in_case(printed(input), LetterCase::upper));
}

TemplateValue title_text(const TemplateValue& input, const BuiltinArguments&) {
  const std::string text = printed(input);
  std::string title;
  bool begins_word = true;
  for (std::size_t at = 0, next = 0; at < text.size(); at = next) {
    const char32_t character = character_at(text, at, next);
    const std::string_view letter = std::string_view(text).substr(at, next - at);
    title += in_case(letter, begins_word ? LetterCase::upper : LetterCase::lower);
    begins_word =
        is_space(character) || (letter.size() == 1 && std::string_view("-({[<").find(letter[0]) != npos);
  }
  return title;
}

std::string_view stripped(std::string_view text, Strip where, const std::string* set) {
  if (set == nullptr) {
    if (where != Strip::trailing) text = without_leading_space(text);
    return where == Strip::leading ? text : without_trailing_space(text);
  }
  if (where != Strip::trailing)
    while (!text.empty() && is_among(first_character(text), *set))
      text.remove_prefix(first_character(text).size());
  if (where != Strip::leading)
    while (!text.empty() && is_among(last_character(text), *set))
      text.remove_suffix(last_character(text).size());
  return text;
}

TemplateValue trim_text(const TemplateValue& input, const BuiltinArguments& arguments) {
  const std::string text = printed(input);
  const bool has_set = arguments.has(0) && !arguments.value(0).is(Type::none);
  const std::string set = has_set ? arguments.text(0, "") : "";
  return text_like(input, std::string(stripped(text, Strip::both, has_set ? &set : nullptr)));
}

TemplateValue replace_text(const TemplateValue& input, const BuiltinArguments& arguments) {
  const TemplateValue& old = arguments.value(0);
  const TemplateValue& with = arguments.value(1);
  const std::int64_t most = arguments.integer(2, -1);
  if (!input.is_safe() && !old.is_safe() && !with.is_safe())
    return replaced(printed(input), printed(old), printed(with), most);
  // What is looked for is looked for in the HTML as it stands.
  return TemplateValue::safe(replaced(escaped(input), printed(old), escaped(with), most));
}

TemplateValue truncate_text(const TemplateValue& input, const BuiltinArguments& arguments) {
  constexpr std::string_view ellipsis = "...";
  if (input.is(Type::undefined)) return input;
  if (!input.is(Type::text))
    throw Error(Kind::configuration, fmt::format("{} cannot be truncated", name(input.type())),
                "make it text first: |string|truncate");
  const std::int64_t length = arguments.integer(0, 255);
  const TemplateValue end = arguments.has(2) ? arguments.value(2) : TemplateValue(ellipsis);
  const std::string tail = input.is_safe() ? escaped(end) : printed(end);
  const auto tail_length = static_cast<std::int64_t>(count_characters(printed(end)));
  const std::int64_t leeway = arguments.integer(3, 5);
  if (length < tail_length || leeway < 0)
    throw Error(Kind::configuration, "'truncate' must leave room for what it puts at the end",
                fmt::format("truncate to {} characters or more", tail_length));
  const auto size = static_cast<std::int64_t>(count_characters(input.text()));
  if (size <= length || size - length <= leeway) return input;
  std::string_view head = characters(input.text(), 0, static_cast<std::size_t>(length - tail_length));
  if (!arguments.is_true(1, false)) head = head.substr(0, head.rfind(' '));
  const bool is_safe = input.is_safe() || end.is_safe();
  if (!is_safe) return fmt::format("{}{}", head, tail);
  return TemplateValue::safe((input.is_safe() ? std::string(head) : escaped(TemplateValue(head))) + tail);
}

TemplateValue as_text(const TemplateValue& input, const BuiltinArguments&) {
  return input.is(Type::text) ? input : TemplateValue(printed(input));
}

TemplateValue escape_text(const TemplateValue& input, const BuiltinArguments&) {
  return TemplateValue::safe(escaped(input));
}

TemplateValue mark_safe(const TemplateValue& input, const BuiltinArguments&) {
  return TemplateValue::safe(printed(input));
}

TemplateValue break_lines(const TemplateValue& input, const BuiltinArguments&) {
  return TemplateValue::safe(replaced(escaped(input), "\n", "<br>\n", -1));
}

TemplateValue strip_tags(const TemplateValue& input, const BuiltinArguments&) {
  return with_characters_for_references(with_single_blanks(without_comments_and_tags(printed(input))));
}

TemplateValue encode_url(const TemplateValue& input, const BuiltinArguments&) {
  std::string url;
  if (!input.is(Type::list) && !input.is(Type::dict)) {
    append_percent_encoded(url, printed(input), "/");
    return url;
  }
  const TemplateValue pairs = input.is(Type::dict) ? key_value_pairs(input.dict()) : input;
  for (const TemplateValue& pair : pairs.list()) {
    if (!pair.is(Type::list) || pair.list().size() != 2)
      throw Error(Kind::configuration, "'urlencode' takes text, a dict or a list of pairs");
    if (!url.empty()) url += '&';
    append_form_encoded(url, pair.list()[0]);
    url += '=';
    append_form_encoded(url, pair.list()[1]);
  }
  return url;
}

TemplateValue joined_text(const TemplateList& items, const TemplateValue& separator) {
  const bool is_safe =
      separator.is_safe() ||
      std::any_of(items.begin(), items.end(), [](const TemplateValue& item) { return item.is_safe(); });
  const std::string between = is_safe ? escaped(separator) : printed(separator);
  std::string text;
  for (const TemplateValue& item : items) {
    if (&item != &items.front()) text += between;
    is_safe ? append_escaped(text, item) : append_text(text, item);
    check_text_size(text.size());
  }
  return is_safe ? TemplateValue::safe(std::move(text)) : TemplateValue(std::move(text));
}

TemplateValue key_value_pairs(const TemplateDict& dict) {
  TemplateList pairs;
  pairs.reserve(dict.size());
  for (const auto& [key, value] : dict) pairs.emplace_back(TemplateList{key, value});
  return pairs;
}

}  // namespace bench
