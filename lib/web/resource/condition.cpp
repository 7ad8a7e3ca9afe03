#include "web/resource/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.hpp"
#include "base/text.hpp"
#include "web/http/failure.hpp"
#include "web/resource/document.hpp"
#include "web/resource/type_check.hpp"

namespace bench {

namespace {

constexpr std::size_t most_conditions = 100;

Value value_of(const nlohmann::json& json) {
  auto value = scalar_of(json);
  if (!value) throw not_valid("a filter's value must be a text, a number, true, false or null");
  return std::move(*value);
}

std::string text_of(const nlohmann::json& json, std::string_view what) {
  if (!json.is_string()) throw not_valid(fmt::format("{} must be a text", what));
  return json.get<std::string>();
}

/// What filters mean for the columns of one doctype.
class Conditions {
 public:
  Conditions(const Doctype& doctype, Dialect dialect) : m_doctype(doctype), m_dialect(dialect) {}

  Condition of_address(const std::string& column, const std::string& value) const {
    const nlohmann::json json = parse_sent_json(value);
    const bool is_comparison = json.is_array() && json.size() == 2 && json[0].is_string();
    return member(column, is_comparison ? json : nlohmann::json(value));
  }

  std::vector<Condition> parse(const nlohmann::json& filters) const {
    std::vector<Condition> conditions;
    if (filters.size() > most_conditions)
      throw not_valid(fmt::format("more than {} filters", most_conditions));
    if (filters.is_object())
      for (const auto& [field, value] : filters.items()) conditions.push_back(member(field, value));
    else if (filters.is_array())
      for (const nlohmann::json& filter : filters) conditions.push_back(item(filter));
    else
      throw not_valid("'filters' must be a list or an object");
    return conditions;
  }

 private:
  Condition member(const std::string& field, const nlohmann::json& value) const {
    if (value.is_array() && value.size() == 2) return make(field, text_of(value[0], "an operator"), value[1]);
    return make(field, "=", value);
  }

  Condition item(const nlohmann::json& filter) const {
    if (!filter.is_array() || filter.size() < 2 || filter.size() > 5)
      throw not_valid("a filter must be [field, operator, value]");
    if (filter.size() == 2) return make(text_of(filter[0], "a field"), "=", filter[1]);
    const std::size_t field = filter.size() == 3 ? 0 : 1;
    if (field == 1 && text_of(filter[0], "a filter's table") != m_doctype.name)
      throw not_valid("a filter on another table is not supported");
    return make(text_of(filter[field], "a field"), text_of(filter[field + 1], "an operator"),
                filter[field + 2]);
  }

  Condition make(const std::string& field, const std::string& named_operator,
                 const nlohmann::json& value) const {
    const Column& column = m_doctype.get(field);
    const std::string quoted = quote_identifier(m_dialect, column.name);
    const std::string op = lower_case(named_operator);
    constexpr std::array plain{"=", "!=", "<>", "<", ">", "<=", ">=", "like", "not like"};
    if (op == "is") {
      const std::string what = text_of(value, "the value of 'is'");
      if (what != "set" && what != "not set") throw not_valid("'is' takes 'set' or 'not set'");
      return what == "set" ? is_filled(column, quoted) : is_empty(column, quoted);
    }
    if (op == "in" || op == "not in") return among(column, quoted, op, value);
    if (op == "between") {
      if (!value.is_array() || value.size() != 2) throw not_valid("'between' takes a list of two values");
      return {fmt::format("{} BETWEEN ? AND ?", quoted), {value_of(value[0]), end_of_day(column, value[1])}};
    }
    if (std::ranges::find(plain, op) == plain.end())
      throw not_valid(fmt::format("there is no operator '{}'", named_operator));
    if (is_nothing(value) && op == "=") return is_empty(column, quoted);
    if (is_nothing(value) && (op == "!=" || op == "<>")) return is_filled(column, quoted);
    const bool is_like = op.ends_with("like");
    // Elsewhere it is the collation that makes small and capital letters one.
    const std::string_view in_any_case = is_like && m_dialect == Dialect::postgres ? "ILIKE" : "LIKE";
    Condition condition{is_like ? fmt::format("{} {}{} ?", as_text(m_dialect, quoted),
                                              op == "like" ? "" : "NOT ", in_any_case)
                                : fmt::format("{} {} ?", quoted, op),
                        {value_of(value)}};
    if (empty_fits(column, op, value)) condition.sql = or_null(condition.sql, column, quoted);
    return condition;
  }

  // null and '' are one to Frappe.
  static bool is_nothing(const nlohmann::json& value) { return value.is_null() || value == ""; }

  static bool has_number(const Column& column) {
    return column.type == ColumnType::integer || column.type == ColumnType::decimal ||
           column.type == ColumnType::real || column.type == ColumnType::boolean;
  }

  static std::string or_null(const std::string& sql, const Column& column, const std::string& quoted) {
    return column.nullable ? fmt::format("{} OR {} IS NULL", sql, quoted) : sql;
  }

  // What bench does not know is taken for text, and servers compare no uuid and no list with ''.
  bool takes_empty_text(const Column& column) const {
    if (!holds_text(column) || m_dialect == Dialect::sqlite) return holds_text(column);
    const std::string declared = lower_case(column.declared);
    const std::string base = declared.substr(0, declared.find('('));
    constexpr std::array ends{"char", "text", "character", "character varying", "enum", "set"};
    const bool is_list = declared.ends_with("[]");
    return !is_list &&
           (m_dialect == Dialect::mariadb || base == "text" || base == "citext" ||
            base.starts_with("character")) &&
           std::ranges::any_of(ends, [&base](const char* end) { return base.ends_with(end); });
  }

  Condition is_empty(const Column& column, const std::string& quoted) const {
    if (!takes_empty_text(column)) return {fmt::format("{} IS NULL", quoted), {}};
    return {or_null(fmt::format("{} = ''", quoted), column, quoted), {}};
  }

  Condition is_filled(const Column& column, const std::string& quoted) const {
    return {
        takes_empty_text(column) ? fmt::format("{} <> ''", quoted) : fmt::format("{} IS NOT NULL", quoted),
        {}};
  }

  // A date stands for its whole day where there are times.
  static Value end_of_day(const Column& column, const nlohmann::json& value) {
    const bool is_whole_day =
        column.type == ColumnType::datetime && value.is_string() && is_date(value.get<std::string>());
    // SQLite compares texts, some of which have a T in the middle.
    return is_whole_day ? Value(value.get<std::string>() + "T23:59:59.999999") : value_of(value);
  }

  // To Frappe a NULL is '' among texts, 0 among numbers, and before all dates (frappe.model.db_query):
  // whether that fits. When a row was made or changed is never NULL there.
  static bool empty_fits(const Column& column, std::string_view op, const nlohmann::json& value) {
    if (is_nothing(value)) return holds_text(column) && (op == "<=" || op == ">=");
    const bool is_other_than = op == "!=" || op == "<>" || op == "not like";
    if (is_other_than) return !(has_number(column) && number_in(value) == 0);
    const bool is_smaller = op == "<" || op == "<=";
    const bool may_be_equal = op == "=" || op == "<=" || op == ">=";
    if (has_number(column)) {
      const auto number = number_in(value);
      if (!number) return false;
      return (*number == 0 && may_be_equal) || (*number > 0 && is_smaller) ||
             (*number < 0 && (op == ">" || op == ">="));
    }
    return is_smaller && column.name != "creation" && column.name != "modified";
  }

  static std::optional<double> number_in(const nlohmann::json& value) {
    if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
    if (value.is_number()) return value.get<double>();
    if (!value.is_string()) return std::nullopt;
    const auto text = value.get<std::string>();
    return is_finite_number(text) ? std::optional(std::strtod(text.c_str(), nullptr)) : std::nullopt;
  }

  Condition among(const Column& column, const std::string& quoted, const std::string& op,
                  const nlohmann::json& value) const {
    Condition condition;
    nlohmann::json list = value;
    // Frappe takes "a,b" for a list, too.
    if (value.is_string()) {
      list = nlohmann::json::array();
      std::string text = value.get<std::string>();
      for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        list.push_back(text.substr(start, end - start));
        start = end + 1;
      }
    }
    if (!list.is_array() || list.size() > most_conditions)
      throw not_valid(fmt::format("'{}' takes a list of at most {} values", op, most_conditions));
    std::string marks;
    bool has_empty = false;
    for (const nlohmann::json& one : list) {
      has_empty |= is_nothing(one) || (has_number(column) && number_in(one) == 0);
      if (is_nothing(one) && !takes_empty_text(column)) continue;
      marks += marks.empty() ? "?" : ", ?";
      condition.values.push_back(one.is_null() ? Value("") : value_of(one));
    }
    const bool is_in = op == "in";
    condition.sql =
        marks.empty() ? (is_in ? "1 = 0" : "1 = 1") : fmt::format("{} {} ({})", quoted, op, marks);
    if (is_in == has_empty)
      condition.sql = or_null(condition.sql, column, quoted);
    else if (!is_in && marks.empty())
      condition.sql = fmt::format("{} IS NOT NULL", quoted);
    return condition;
  }

  const Doctype& m_doctype;
  Dialect m_dialect;
};

std::string like_pattern(std::string_view words) {
  std::string pattern = "%";
  for (const char c : words) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + '%';
}

}  // namespace

std::vector<Condition> filter_conditions(const Doctype& doctype, Dialect dialect,
                                         const nlohmann::json& filters) {
  return Conditions(doctype, dialect).parse(filters);
}

Condition address_condition(const Doctype& doctype, Dialect dialect, const std::string& column,
                            const std::string& value) {
  return Conditions(doctype, dialect).of_address(column, value);
}

Condition search_condition(const Doctype& doctype, Dialect dialect, std::string_view words) {
  Condition condition;
  for (const Column& column : doctype.columns) {
    if (!holds_text(column)) continue;
    condition.sql += fmt::format("{}lower({}) LIKE lower(?) ESCAPE '!'", condition.sql.empty() ? "" : " OR ",
                                 as_text(dialect, quote_identifier(dialect, column.name)));
    condition.values.emplace_back(like_pattern(words));
  }
  if (condition.sql.empty()) condition.sql = "1 = 0";
  return condition;
}

}  // namespace bench
