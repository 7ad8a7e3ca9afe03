#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "web/template/builtin.hpp"
#include "web/template/operators.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

/// Wider than any that a reader wants, and small enough that no page grows from it.
constexpr std::int64_t widest_indent = 16;

class JsonWriter {
 public:
  explicit JsonWriter(std::int64_t indent) : m_indent(std::min(indent, widest_indent)) {}
  void write(const TemplateValue& value);
  std::string take() { return std::move(m_json); }

 private:
  void write_number(double number);
  void write_text(std::string_view text);
  void write_unit(char32_t unit) {
    fmt::format_to(std::back_inserter(m_json), "\\u{:04x}", std::uint32_t{unit});
  }
  void write_character(char32_t character);
  void write_key(const TemplateValue& key);
  void write_list(const TemplateList& list);
  void write_dict(const TemplateDict& dict);
  void open(char bracket);
  void separate(bool is_first);
  void close(char bracket, bool is_empty);
  void break_line();

  std::int64_t m_indent;
  std::int64_t m_level = 0;
  std::string m_json;
};

void JsonWriter::write(const TemplateValue& value) {
  switch (value.type()) {
    case Type::none:
      m_json += "null";
      return;
    case Type::boolean:
      m_json += value.boolean() ? "true" : "false";
      return;
    case Type::integer:
      return append_text(m_json, value);
    case Type::number:
      return write_number(value.number());
    case Type::text:
      return write_text(value.text());
    case Type::list:
      return write_list(value.list());
    case Type::dict:
      return write_dict(value.dict());
    default:
      throw Error(Kind::configuration, fmt::format("{} cannot be written as JSON", name(value.type())));
  }
}

void JsonWriter::write_number(double number) {
  if (std::isfinite(number))
    m_json += printed(number);
  else
    m_json += std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
}

void JsonWriter::write_text(std::string_view text) {
  m_json += '"';
  for (std::size_t at = 0; at < text.size();) write_character(character_at(text, at, at));
  m_json += '"';
}

void JsonWriter::write_character(char32_t character) {
  constexpr std::string_view with_letter = "\n\r\t\b\f\"\\";
  constexpr std::string_view letters = "nrtbf\"\\";
  // A byte that is no character has none in JSON, either.
  if (character >= 0x110000) return write_unit(0xFFFD);
  if (character >= 0x10000) {
    write_unit(0xD800 + ((character - 0x10000) >> 10U));
    return write_unit(0xDC00 + ((character - 0x10000) & 0x3FFU));
  }
  if (character >= 0x7F) return write_unit(character);
  const auto letter = static_cast<char>(character);
  if (const std::size_t found = with_letter.find(letter); found != std::string_view::npos)
    m_json += {'\\', letters[found]};
  else if (character < 0x20 || std::string_view("<>&'").find(letter) != std::string_view::npos)
    write_unit(character);
  else
    m_json += letter;
}

void JsonWriter::write_key(const TemplateValue& key) {
  if (key.is(Type::text)) return write_text(key.text());
  m_json += '"';
  write(key);
  m_json += '"';
}

void JsonWriter::open(char bracket) {
  m_json += bracket;
  ++m_level;
}

void JsonWriter::break_line() {
  if (m_indent < 0) return;
  m_json += '\n';
  m_json.append(static_cast<std::size_t>(m_indent * m_level), ' ');
}

void JsonWriter::separate(bool is_first) {
  if (!is_first) m_json += m_indent < 0 ? ", " : ",";
  break_line();
}

void JsonWriter::close(char bracket, bool is_empty) {
  --m_level;
  if (!is_empty) break_line();
  m_json += bracket;
}

void JsonWriter::write_list(const TemplateList& list) {
  open('[');
  for (const TemplateValue& item : list) {
    separate(&item == &list.front());
    write(item);
  }
  close(']', list.empty());
}

void JsonWriter::write_dict(const TemplateDict& dict) {
  std::vector<std::pair<const TemplateValue*, const TemplateValue*>> entries;
  entries.reserve(dict.size());
  for (const auto& [key, value] : dict) entries.emplace_back(&key, &value);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& left, const auto& right) { return is_less(*left.first, *right.first); });
  open('{');
  for (const auto& [key, value] : entries) {
    separate(key == entries.front().first);
    write_key(*key);
    m_json += ": ";
    write(*value);
  }
  close('}', entries.empty());
}

}  // namespace

std::string script_json(const TemplateValue& value, std::int64_t indent) {
  JsonWriter writer(indent);
  writer.write(value);
  return writer.take();
}

}  // namespace bench
