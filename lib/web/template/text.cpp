#include "web/template/text.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <locale.h>
#include <wctype.h>

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"

namespace bench {

namespace {

constexpr std::array<std::string_view, 256> entities_by_byte() {
  std::array<std::string_view, 256> entities{};
  entities['&'] = "&amp;";
  entities['<'] = "&lt;";
  entities['>'] = "&gt;";
  entities['"'] = "&#34;";
  entities['\''] = "&#39;";
  return entities;
}
constexpr std::array<std::string_view, 256> entities = entities_by_byte();

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// How many bytes the character that begins with `lead` has; 0 when none begins so.
std::size_t length_by_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool is_surrogate(char32_t character) {
  return character >= 0xD800 && character < 0xE000;
}

/// Stands for a byte that is no UTF-8: outside of all characters, so that it can be written back.
constexpr char32_t stray_byte = 0x110000;

bool is_printed_as_it_is(char32_t character) {
  if (character < 0x80) return character >= 0x20 && character != 0x7F;
  return character >= 0xA1 && character != 0xAD && !is_space(character);
}

void append_escape(std::string& out, char32_t character) {
  const auto code = static_cast<std::uint32_t>(character);
  if (character == '\n')
    out += "\\n";
  else if (character == '\r')
    out += "\\r";
  else if (character == '\t')
    out += "\\t";
  else if (code < 0x100)
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
  else
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
}

void append_quoted_text(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = character_at(text, at, at);
    if (character == static_cast<char32_t>(quote) || character == '\\') out += '\\';
    if (is_printed_as_it_is(character))
      append_character(out, character);
    else
      append_escape(out, character);
  }
  out += quote;
}

void append_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "nan";
    return;
  }
  const std::size_t begin = out.size();
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
  if (out.find_first_not_of("-0123456789", begin) == std::string::npos) out += ".0";
}

void append_list(std::string& out, const TemplateList& list) {
  out += '[';
  for (const TemplateValue& item : list) {
    if (&item != &list.front()) out += ", ";
    append_quoted(out, item);
  }
  out += ']';
}

void append_dict(std::string& out, const TemplateDict& dict) {
  out += '{';
  std::string_view separator;
  for (const auto& [key, value] : dict) {
    out += separator;
    append_quoted(out, key);
    out += ": ";
    append_quoted(out, value);
    separator = ", ";
  }
  out += '}';
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view entity = entities[byte_at(text, at)];
    if (entity.empty()) continue;
    out.append(text, done, at - done);
    out += entity;
    done = at + 1;
  }
  out.append(text, done);
}

void append_escaped(std::string& out, const TemplateValue& value) {
  if (value.is_safe())
    out += value.text();
  else if (value.is(TemplateValue::Type::text))
    append_escaped(out, std::string_view(value.text()));
  else if (value.depth() > 0)
    append_escaped(out, std::string_view(printed(value)));
  else
    append_text(out, value);
}

void append_text(std::string& out, const TemplateValue& value) {
  switch (value.type()) {
    case TemplateValue::Type::undefined:
      return;
    case TemplateValue::Type::none:
      out += "None";
      return;
    case TemplateValue::Type::boolean:
      out += value.boolean() ? "True" : "False";
      return;
    case TemplateValue::Type::integer:
      out += std::string_view(fmt::format_int(value.integer()).c_str());
      return;
    case TemplateValue::Type::number:
      return append_number(out, value.number());
    case TemplateValue::Type::text:
      out += value.text();
      return;
    case TemplateValue::Type::list:
      return append_list(out, value.list());
    case TemplateValue::Type::dict:
      return append_dict(out, value.dict());
    case TemplateValue::Type::function:
      throw Error(Kind::configuration, "a function cannot be printed", "call it with ()");
    case TemplateValue::Type::object:
      throw Error(Kind::configuration, "an object cannot be printed", "name one of its attributes");
  }
}

std::string printed(const TemplateValue& value) {
  std::string text;
  append_text(text, value);
  return text;
}

void append_quoted(std::string& out, const TemplateValue& value) {
  if (value.is(TemplateValue::Type::undefined)) {
    out += "Undefined";
  } else if (!value.is(TemplateValue::Type::text)) {
    append_text(out, value);
  } else {
    if (value.is_safe()) out += "Markup(";
    append_quoted_text(out, value.text());
    if (value.is_safe()) out += ')';
  }
}

std::string printed(double number) {
  std::string text;
  append_number(text, number);
  return text;
}

char32_t character_at(std::string_view text, std::size_t at, std::size_t& next) {
  const unsigned char lead = byte_at(text, at);
  const std::size_t length = length_by_lead(lead);
  next = at + 1;
  if (length == 1) return lead;
  if (length == 0 || text.size() - at < length) return stray_byte + lead;
  char32_t character = lead & (0xFFU >> (length + 1));
  for (std::size_t following = at + 1; following < at + length; ++following) {
    if ((byte_at(text, following) & 0xC0U) != 0x80) return stray_byte + lead;
    character = (character << 6U) | (byte_at(text, following) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  if (character < smallest[length] || character >= stray_byte || is_surrogate(character))
    return stray_byte + lead;
  next = at + length;
  return character;
}

void append_character(std::string& out, char32_t character) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((character >> shift) & 0x3FU)); };
  if (character >= stray_byte) {
    out += static_cast<char>(character - stray_byte);
  } else if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += static_cast<char>(0xC0U | (character >> 6U));
    tail(0);
  } else if (character < 0x10000) {
    out += static_cast<char>(0xE0U | (character >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (character >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) character_at(text, at, at);
  return count;
}

std::string_view characters(std::string_view text, std::size_t from, std::size_t to) {
  std::size_t at = 0;
  std::size_t begin = text.size();
  std::size_t position = 0;
  for (; at < text.size() && position < to; ++position) {
    if (position == from) begin = at;
    character_at(text, at, at);
  }
  return begin >= at ? std::string_view() : text.substr(begin, at - begin);
}

bool is_space(char32_t character) {
  if (character < 0x80) return (character >= 9 && character <= 13) || (character >= 28 && character <= 32);
  return character == 0x85 || character == 0xA0 || character == 0x1680 ||
         (character >= 0x2000 && character <= 0x200A) || character == 0x2028 || character == 0x2029 ||
         character == 0x202F || character == 0x205F || character == 0x3000;
}

std::string_view without_leading_space(std::string_view text) {
  std::size_t next = 0;
  while (!text.empty() && is_space(character_at(text, 0, next))) text.remove_prefix(next);
  return text;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    const std::size_t begin = character_begin(text, text.size() - 1);
    std::size_t next = 0;
    if (!is_space(character_at(text, begin, next)) || next != text.size()) break;
    text = text.substr(0, begin);
  }
  return text;
}

std::string in_case(std::string_view text, LetterCase to) {
  static const locale_t letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = character_at(text, at, at);
    if (character < 0x80) {
      const char from = to == LetterCase::upper ? 'a' : 'A';
      const auto letter = static_cast<char>(character);
      result += letter >= from && letter < from + 26 ? static_cast<char>(letter ^ 0x20) : letter;
    } else if (character >= stray_byte || letters == nullptr) {
      append_character(result, character);
    } else {
      const auto wide = static_cast<wint_t>(character);
      append_character(result, static_cast<char32_t>(to == LetterCase::upper ? towupper_l(wide, letters)
                                                                             : towlower_l(wide, letters)));
    }
  }
  return result;
}

}  // namespace bench
