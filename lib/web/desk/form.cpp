#include "web/desk/form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "web/http/failure.hpp"
#include "web/resource/type_check.hpp"

namespace bench {

namespace {

// Kept by bench or by the database, and only in a person's way.
bool is_housekeeping(std::string_view column) {
  constexpr std::array names{"creation", "modified", "modified_by", "owner", "docstatus", "idx"};
  return std::ranges::find(names, column) != names.end();
}

// What the form itself sends: a column of such a name would be taken for it, and what it holds for an order.
bool is_of_the_form(std::string_view column) {
  constexpr std::array names{"_action", "_box", "_release", "_version", "csrf_token"};
  return std::ranges::find(names, column) != names.end();
}

bool can_be_shown(const Doctype& doctype, const Column& column) {
  const bool is_numbered = column.name == doctype.key && column.has_default;
  return !column.is_generated && !is_housekeeping(column.name) && column.type != ColumnType::binary &&
         !is_numbered;
}

bool can_be_entered(const Doctype& doctype, const Column& column) {
  return can_be_shown(doctype, column) && !is_of_the_form(column.name);
}

bool is_long(const Column& column) {
  return column.type == ColumnType::long_text || column.type == ColumnType::json;
}

std::string_view kind_of(const Column& column) {
  switch (column.type) {
    case ColumnType::integer:
    case ColumnType::decimal:
    case ColumnType::real:
      return "number";
    case ColumnType::boolean:
      return "checkbox";
    case ColumnType::date:
      return "date";
    case ColumnType::time:
      return "time";
    default:
      return is_long(column) ? "textarea" : "text";
  }
}

// A browser empties a field of a kind that its value is not of, and sends it so.
std::string_view kind_for(const Column& column, std::string_view value) {
  const std::string_view kind = kind_of(column);
  // "12:00:00.123"
  constexpr std::size_t longest_time = 12;
  const bool is_lost =
      (kind == "number" && !is_finite_number(value)) || (kind == "date" && !is_date(value)) ||
      (kind == "time" && (!is_time(value) || value.size() > longest_time || value[2] != ':'));
  return is_lost && !value.empty() ? "text" : kind;
}

std::string shown(const Column& column, const Value& value) {
  std::string text = to_text(value);
  if (column.type == ColumnType::boolean) return is_true_text(text) ? "1" : "0";
  return text;
}

// "1", "true", "'1'::smallint": how the three databases word the default of a box.
bool is_ticked_by_default(const Column& column) {
  const std::string words = lower_case(column.default_sql);
  return is_true_text(trimmed(std::string_view(words).substr(0, words.find("::")), "'"));
}

// What a new document begins with: of a choice a person should see what it will be.
std::string preset(const Column& column) {
  if (column.type == ColumnType::boolean) return is_ticked_by_default(column) ? "1" : "0";
  const std::string_view value = trimmed(column.default_sql, "'");
  const std::vector<std::string> allowed = enum_values(column.declared);
  return std::string(std::ranges::find(allowed, value) != allowed.end() ? value : "");
}

// Browsers send nothing for a box that is not ticked: the form says which ones it has.
bool has_box(const HttpParameters& form, const std::string& name) {
  return std::ranges::find(form, HttpParameters::Parameter{"_box", name}) != form.end();
}

std::string with_line_feeds(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r')
      lines += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      lines += '\n';
  return lines;
}

// Whether it is what a browser makes of what the form had shown: fields of one line lose the ends of lines.
bool is_as_shown(const Column& column, const std::string& text, const std::string& shown) {
  std::string lines = with_line_feeds(shown);
  if (text == lines) return true;
  std::erase(lines, '\n');
  return !is_long(column) && text == lines;
}

// What somebody typed, as the field holds it; nothing for a field that the form did not have, because it is
// younger than the page.
std::optional<std::string> entered_text(const Column& column, const HttpParameters& form) {
  const auto text = form.find(column.name);
  if (column.type == ColumnType::boolean) {
    if (!text && !has_box(form, column.name)) return std::nullopt;
    return text == "1" ? "1" : "0";
  }
  if (!text) return std::nullopt;
  // Browsers end lines in two characters.
  return with_line_feeds(*text);
}

std::string for_people(const Column& column, const std::string& stored) {
  if (column.type == ColumnType::boolean) return stored == "1" ? "Yes" : "No";
  return stored;
}

bool is_required(const Column& column) {
  return !column.nullable && !column.has_default && column.type != ColumnType::boolean;
}

Value entered(const Column& column, const std::string& text) {
  if (column.type == ColumnType::boolean) return std::int64_t{text == "1" ? 1 : 0};
  if (text.empty()) {
    if (column.nullable) return std::monostate{};
    if (!holds_text(column))
      throw HttpFailure(417, "MandatoryError", fmt::format("'{}' is missing", label(column.name)),
                        column.name);
    return text;
  }
  if (column.type != ColumnType::integer) return text;
  if (!is_whole_number(text))
    throw not_valid(fmt::format("'{}' takes a whole number", label(column.name)), column.name);
  std::int64_t number = 0;
  // How large it may be is the database's to say.
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return text;
  return number;
}

TemplateDict shown_field(const Column& column, const std::string& stored) {
  return {{"name", column.name},
          {"label", label(column.name)},
          {"value", stored},
          {"is_long", is_long(column)},
          {"note", "this form uses the column's name for itself, so it cannot be changed here"},
          {"is_only_shown", true}};
}

// What stands there although it is none of them stays a choice, or saving would lose it.
TemplateList choices_of(const Column& column, const std::string& value) {
  TemplateList choices;
  const std::vector<std::string> allowed = enum_values(column.declared);
  if (allowed.empty()) return choices;
  const bool is_known = std::ranges::find(allowed, value) != allowed.end();
  if (!is_known) choices.emplace_back(value);
  if (column.nullable && (is_known || !value.empty())) choices.emplace_back(std::string());
  for (const std::string& one : allowed) choices.emplace_back(one);
  return choices;
}

TemplateDict field(const Doctype& doctype, const Column& column, const std::string* stored,
                   const HttpParameters* typed) {
  const bool is_fixed = column.name == doctype.key && stored != nullptr;
  const bool names_itself =
      column.name == doctype.key && stored == nullptr && column.type == ColumnType::text;
  const std::string before = stored != nullptr ? *stored : "";
  std::string value = stored != nullptr ? before : preset(column);
  if (typed != nullptr && !is_fixed) value = entered_text(column, *typed).value_or(before);
  if (is_as_shown(column, value, before)) value = before;
  const bool takes_parts = column.type == ColumnType::decimal || column.type == ColumnType::real ||
                           column.type == ColumnType::time;
  TemplateDict field{{"name", column.name},
                     {"label", label(column.name)},
                     {"kind", kind_for(column, value)},
                     {"value", value},
                     {"is_long", is_long(column)},
                     {"required", is_required(column) && !names_itself},
                     {"fixed", is_fixed}};
  if (stored != nullptr && value != before) field.set("stored", for_people(column, before));
  if (TemplateList choices = choices_of(column, value); !choices.empty())
    field.set("choices", std::move(choices));
  if (column.max_length) field.set("max_length", *column.max_length);
  if (takes_parts) field.set("step", "any");
  if (column.type == ColumnType::datetime) field.set("note", "date and time, as 2026-11-21 13:45:00");
  if (names_itself) field.set("note", "left empty, it gets a name of its own");
  return field;
}

}  // namespace

TemplateList form_fields(const Doctype& doctype, const Document* document, const HttpParameters* typed) {
  TemplateList fields;
  for (std::size_t i = 0; i < doctype.columns.size(); ++i) {
    const Column& column = doctype.columns[i];
    if (!can_be_shown(doctype, column)) continue;
    const std::string stored = document != nullptr ? shown(column, document->values[i]) : "";
    if (can_be_entered(doctype, column))
      fields.emplace_back(field(doctype, column, document != nullptr ? &stored : nullptr, typed));
    else
      fields.emplace_back(shown_field(column, stored));
  }
  return fields;
}

Entries entries_of_form(const Doctype& doctype, const HttpParameters& form, const Document* document) {
  Entries entries;
  for (std::size_t i = 0; i < doctype.columns.size(); ++i) {
    const Column& column = doctype.columns[i];
    if (!can_be_entered(doctype, column)) continue;
    const auto text = entered_text(column, form);
    if (!text) continue;
    const bool is_key = column.name == doctype.key;
    // What nobody touched stays as it is: a form cannot tell NULL from nothing, nor how a line had ended.
    if (document != nullptr && (is_key || is_as_shown(column, *text, shown(column, document->values[i]))))
      continue;
    if (text->empty() && document == nullptr && (is_key || column.has_default)) continue;
    entries[column.name] = entered(column, *text);
  }
  return entries;
}

}  // namespace bench
