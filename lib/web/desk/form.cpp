#include "web/desk/form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "web/http/failure.hpp"

namespace bench {

namespace {

// Kept by bench or by the database, and only in a person's way.
bool is_housekeeping(std::string_view column) {
  constexpr std::array names{"creation", "modified", "modified_by", "owner", "docstatus", "idx"};
  return std::ranges::find(names, column) != names.end();
}

bool can_be_entered(const Doctype& doctype, const Column& column) {
  const bool is_numbered = column.name == doctype.key && column.has_default;
  return !column.is_generated && !is_housekeeping(column.name) && column.type != ColumnType::binary &&
         !is_numbered;
}

std::string_view kind_of(const Column& column) {
  switch (column.type) {
    case ColumnType::long_text:
    case ColumnType::json:
      return "textarea";
    case ColumnType::integer:
    case ColumnType::decimal:
    case ColumnType::real:
      return "number";
    case ColumnType::boolean:
      return "checkbox";
    case ColumnType::date:
      return "date";
    case ColumnType::datetime:
      return "text";
    case ColumnType::time:
      return "time";
    default:
      return "text";
  }
}

std::string shown(const Column& column, const Value& value) {
  std::string text = to_text(value);
  if (column.type == ColumnType::boolean) return is_true_text(text) ? "1" : "0";
  return text;
}

// Browsers send nothing for a box that is not ticked: the form says which ones it has.
bool has_box(const HttpParameters& form, const std::string& name) {
  return std::ranges::find(form, HttpParameters::Parameter{"_box", name}) != form.end();
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
  std::string clean(*text);
  std::erase(clean, '\r');
  return clean;
}

std::string for_people(const Column& column, const std::string& stored) {
  if (column.type == ColumnType::boolean) return stored == "1" ? "Yes" : "No";
  return stored;
}

bool is_long(const Column& column) {
  return column.type == ColumnType::long_text || column.type == ColumnType::json;
}

bool is_required(const Column& column) {
  return !column.nullable && !column.has_default && column.type != ColumnType::boolean;
}

Value entered(const Column& column, const std::string& text) {
  if (column.type == ColumnType::boolean) return std::int64_t{text == "1" ? 1 : 0};
  if (text.empty()) {
    if (column.nullable) return std::monostate{};
    const bool takes_empty = column.type == ColumnType::text || column.type == ColumnType::long_text;
    if (!takes_empty)
      throw HttpFailure(417, "MandatoryError", fmt::format("'{}' is missing", label(column.name)),
                        column.name);
    return text;
  }
  if (column.type != ColumnType::integer) return text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw not_valid(fmt::format("'{}' takes a whole number", label(column.name)), column.name);
  return number;
}

}  // namespace

TemplateList form_fields(const Doctype& doctype, const Document* document, const HttpParameters* typed) {
  TemplateList fields;
  for (std::size_t i = 0; i < doctype.columns.size(); ++i) {
    const Column& column = doctype.columns[i];
    if (!can_be_entered(doctype, column)) continue;
    const std::string stored = document != nullptr ? shown(column, document->values[i]) : "";
    const bool is_key = column.name == doctype.key;
    std::string value = stored;
    if (typed != nullptr && !(is_key && document != nullptr)) 
      value = entered_text(column, *typed).value_or(stored);
    const bool names_itself = is_key && document == nullptr && column.type == ColumnType::text;
    const bool value_differs = document != nullptr && value != stored;
    TemplateDict field{{"name", column.name},
                       {"label", label(column.name)},
                       {"kind", kind_of(column)},
                       {"value", std::move(value)},
                       {"is_long", is_long(column)},
                       {"required", is_required(column) && !names_itself},
                       {"fixed", is_key && document != nullptr}};
    if (value_differs) field.set("stored", for_people(column, stored));
    if (column.max_length) field.set("max_length", *column.max_length);
    if (column.type == ColumnType::decimal || column.type == ColumnType::real) field.set("step", "any");
    if (column.type == ColumnType::datetime) field.set("note", "date and time, as 2026-11-21 13:45:00");
    if (names_itself) field.set("note", "left empty, it gets a name of its own");
    fields.emplace_back(std::move(field));
  }
  return fields;
}

Entries entries_of_form(const Doctype& doctype, const HttpParameters& form, const Document* document) {
  Entries entries;
  for (const Column& column : doctype.columns) {
    if (!can_be_entered(doctype, column)) continue;
    const bool is_key = column.name == doctype.key;
    if (is_key && document != nullptr) continue;
    const auto text = entered_text(column, form);
    if (!text) continue;
    if (text->empty() && document == nullptr && (is_key || column.has_default)) continue;
    entries[column.name] = entered(column, *text);
  }
  return entries;
}

}  // namespace bench
