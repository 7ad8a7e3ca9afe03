#include "database/column.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace bench {

namespace {

struct TypeWord {
  std::string_view part;  ///< of the declaration, in lower case
  ColumnType type;
};

// The first that the declaration contains counts: "datetime" must come before "date" and "time".
constexpr std::array<TypeWord, 25> type_words{{
    {"tinyint(1)", ColumnType::boolean},
    {"bool", ColumnType::boolean},
    {"interval", ColumnType::text},
    {"point", ColumnType::text},
    {"timestamp", ColumnType::datetime},
    {"datetime", ColumnType::datetime},
    {"date", ColumnType::date},
    {"time", ColumnType::time},
    {"json", ColumnType::json},
    {"int", ColumnType::integer},
    {"serial", ColumnType::integer},
    {"year", ColumnType::integer},
    {"dec", ColumnType::decimal},
    {"numeric", ColumnType::decimal},
    {"money", ColumnType::text},
    {"float", ColumnType::real},
    {"double", ColumnType::real},
    {"real", ColumnType::real},
    {"blob", ColumnType::binary},
    {"binary", ColumnType::binary},
    {"bytea", ColumnType::binary},
    {"longtext", ColumnType::long_text},
    {"mediumtext", ColumnType::long_text},
    {"text", ColumnType::long_text},
    {"clob", ColumnType::long_text},
}};

}  // namespace

std::string_view name(ColumnType type) {
  switch (type) {
    case ColumnType::text:
      return "text";
    case ColumnType::long_text:
      return "long text";
    case ColumnType::integer:
      return "integer";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::decimal:
      return "decimal";
    case ColumnType::real:
      return "real";
    case ColumnType::date:
      return "date";
    case ColumnType::time:
      return "time";
    case ColumnType::datetime:
      return "datetime";
    case ColumnType::json:
      return "json";
    case ColumnType::binary:
      return "binary";
  }
  return "text";
}

ColumnType column_type(std::string_view declared) {
  // The values of an enumeration may be called like a type, and several numbers are no number.
  const std::string words = lower_case(declared.substr(0, declared.find('\'')));
  if (words.ends_with("[]") || words.ends_with("range")) return ColumnType::text;
  const auto known = std::ranges::find_if(
      type_words, [&words](const TypeWord& word) { return words.find(word.part) != std::string::npos; });
  return known == type_words.end() ? ColumnType::text : known->type;
}

std::optional<int> declared_length(std::string_view declared) {
  const std::size_t open = declared.find('(');
  const bool is_list = declared.ends_with("[]");
  if (open == std::string_view::npos || is_list || lower_case(declared).find("char") == std::string::npos)
    return std::nullopt;
  int length = 0;
  const auto [end, error] =
      std::from_chars(declared.data() + open + 1, declared.data() + declared.size(), length);
  if (error != std::errc() || *end != ')') return std::nullopt;
  return length;
}

std::vector<std::string> enum_values(std::string_view declared) {
  std::vector<std::string> values;
  if (!lower_case(declared).starts_with("enum(")) return values;
  // A quote inside a value is written twice.
  bool is_inside = false;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const bool is_quote = declared[i] == '\'';
    const bool is_doubled = is_inside && is_quote && declared.substr(i + 1).starts_with('\'');
    if (is_quote && !is_doubled) {
      if (!is_inside) values.emplace_back();
      is_inside = !is_inside;
    } else if (is_inside) {
      values.back() += declared[i];
    }
    if (is_doubled) ++i;
  }
  return values;
}

std::vector<Column> columns_of(const std::vector<Row>& rows) {
  std::vector<Column> columns;
  for (const Row& row : rows) {
    Column column{.name = to_text(row.at(0)), .declared = to_text(row.at(1))};
    column.type = column_type(column.declared);
    column.max_length = declared_length(column.declared);
    column.nullable = to_integer(row.at(2)) != 0;
    column.has_default = to_integer(row.at(3)) != 0;
    column.is_generated = to_integer(row.at(4)) != 0;
    column.in_primary_key = to_integer(row.at(5)) != 0;
    if (!is_null(row.at(6))) column.default_sql = to_text(row.at(6));
    columns.push_back(std::move(column));
  }
  return columns;
}

std::vector<std::string> primary_key(const std::vector<Column>& columns) {
  std::vector<std::string> key;
  for (const Column& column : columns)
    if (column.in_primary_key) key.push_back(column.name);
  return key;
}

}  // namespace bench
