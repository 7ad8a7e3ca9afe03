#include "web/resource/list_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "web/http/failure.hpp"

namespace bench {

namespace {

constexpr std::int64_t most_rows = 10'000;
constexpr std::size_t most_fields = 200;
constexpr std::size_t most_order_columns = 20;

nlohmann::json parse_json(std::string_view parameter, std::string_view text) {
  nlohmann::json json = parse_sent_json(text);
  if (json.is_discarded()) throw not_valid(fmt::format("'{}' is no valid JSON", parameter));
  return json;
}

// "name", "`name`", "tabBook.name" and "`tabBook`.`name`", as Frappe's clients write them.
const Column& column_called(const Doctype& doctype, std::string_view text) {
  for (const std::string& qualified : {fmt::format("`{}`.", doctype.table), doctype.table + "."})
    if (text.starts_with(qualified)) text.remove_prefix(qualified.size());
  if (text.size() > 1 && text.starts_with('`') && text.ends_with('`')) text = text.substr(1, text.size() - 2);
  return doctype.get(text);
}

// "modified desc, `tabBook`.name asc"
std::vector<ListQuery::Order> parse_order(const Doctype& doctype, std::string_view text) {
  std::vector<ListQuery::Order> order;
  while (!text.empty()) {
    std::string_view part = trimmed(take_until(text, ','), " ");
    ListQuery::Order one;
    const std::size_t space = part.rfind(' ');
    const std::string direction = space == std::string_view::npos ? "" : lower_case(part.substr(space + 1));
    if (direction == "asc" || direction == "desc") {
      one.descending = direction == "desc";
      part = trimmed(part.substr(0, space), " ");
    }
    one.column = column_called(doctype, part).name;
    if (std::ranges::find(order, one.column, &ListQuery::Order::column) == order.end())
      order.push_back(std::move(one));
    if (order.size() > most_order_columns)
      throw not_valid(fmt::format("'order_by' takes at most {} columns", most_order_columns));
  }
  return order;
}

std::vector<std::string> parse_fields(const Doctype& doctype, std::string_view text) {
  std::vector<std::string> fields;
  nlohmann::json list = parse_json("fields", text);
  if (list == "*") list = {"*"};
  if (!list.is_array() || list.empty()) throw not_valid("'fields' must be a list of names");
  if (list.size() > most_fields) throw not_valid(fmt::format("'fields' takes at most {} names", most_fields));
  // Each once: an answer is as long as somebody likes otherwise.
  const auto add = [&fields](const std::string& name) {
    if (std::ranges::find(fields, name) == fields.end()) fields.push_back(name);
  };
  for (const nlohmann::json& field : list) {
    if (!field.is_string()) throw not_valid("a field must be a text");
    const auto name = field.get<std::string>();
    if (name != "*")
      add(column_called(doctype, name).name);
    else
      for (const Column& column : doctype.columns) add(column.name);
  }
  return fields;
}

std::optional<std::int64_t> parse_number(const HttpParameters& parameters, std::string_view name) {
  const auto text = parameters.find(name);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < 0)
    throw not_valid(fmt::format("'{}' must be a number", name));
  return number;
}

// What is left out of account silently would give more rows than were asked for.
void refuse_unknown(std::string_view name) {
  constexpr std::array known{"fields",  "filters", "order_by", "limit_start", "limit_page_length", "limit",
                             "as_dict", "debug",   "_"};
  if (std::ranges::find(known, name) == known.end())
    throw not_valid(fmt::format("'{}' is not supported here", name));
}

struct Where {
  std::string sql;
  std::vector<Value> values;
};

Where where_of(const ListQuery& query) {
  Where where;
  for (const Condition& condition : query.conditions) {
    where.sql += fmt::format("{}({})", where.sql.empty() ? " WHERE " : " AND ", condition.sql);
    where.values.insert(where.values.end(), condition.values.begin(), condition.values.end());
  }
  return where;
}

// PostgreSQL's undefined_function and datatype_mismatch: a type that cannot be compared or sorted like that.
template <typename Ask>
auto fitting(Ask ask) {
  try {
    return ask();
  } catch (const Error& error) {
    if (error.sqlstate() != "42883" && error.sqlstate() != "42804") throw;
    throw not_valid(fmt::format("a filter or the order does not fit its column: {}", error.what()));
  }
}

}  // namespace

ListQuery parse_list_query(const Doctype& doctype, Dialect dialect, const HttpParameters& parameters) {
  for (const auto& [name, value] : parameters) refuse_unknown(name);
  if (const std::string as_dict = lower_case(parameters.get("as_dict")); as_dict == "0" || as_dict == "false")
    throw not_valid("'as_dict' is always true here");
  ListQuery query;
  if (const auto fields = parameters.find("fields"))
    query.fields = parse_fields(doctype, *fields);
  else
    query.fields = {doctype.key.empty() ? doctype.columns.front().name : doctype.key};
  if (const auto filters = parameters.find("filters"))
    query.conditions = filter_conditions(doctype, dialect, parse_json("filters", *filters));
  if (const auto order = parameters.find("order_by")) query.order = parse_order(doctype, *order);
  query.start = parse_number(parameters, "limit_start").value_or(0);
  const auto length = parse_number(parameters, "limit_page_length");
  query.limit = length ? *length : parse_number(parameters, "limit").value_or(query.limit);
  if (query.limit > most_rows)
    throw not_valid(fmt::format("at most {} rows can be asked for at once", most_rows));
  // Frappe's 0 means all; one more than there may be tells that there are too many.
  query.is_all = query.limit == 0;
  if (query.is_all) query.limit = most_rows + 1;
  return query;
}

void list_rows(Database& database, const Doctype& doctype, const ListQuery& query,
               const std::function<void(RowView)>& see) {
  const Dialect dialect = database.dialect();
  std::string fields;
  for (const std::string& field : query.fields)
    fields += fmt::format("{}{}", fields.empty() ? "" : ", ", quote_identifier(dialect, field));
  std::vector<ListQuery::Order> order = query.order;
  if (order.empty() && doctype.find("modified") != nullptr) order.push_back({"modified", true});
  // Pages must not overlap: the key decides what is equal otherwise.
  if (!doctype.key.empty()) order.push_back({doctype.key, false});
  std::string by;
  for (const auto& [column, descending] : order)
    by += fmt::format("{}{}{}", by.empty() ? " ORDER BY " : ", ", quote_identifier(dialect, column),
                      descending ? " DESC" : "");
  const Where where = where_of(query);
  std::int64_t seen = 0;
  const std::string statement =
      fmt::format("SELECT {} FROM {}{}{} LIMIT {} OFFSET {}", fields,
                  quote_identifier(dialect, doctype.table), where.sql, by, query.limit, query.start);
  const auto count = [&](RowView row) {
    ++seen;
    see(row);
  };
  fitting([&] { database.read(statement, where.values, count); });
  if (query.is_all && seen == query.limit)
    throw not_valid(fmt::format("there are more than {} rows: ask for them in parts", most_rows));
}

std::int64_t count_rows(Database& database, const Doctype& doctype, const ListQuery& query) {
  const Where where = where_of(query);
  const std::string statement = fmt::format("SELECT count(*) FROM {}{}",
                                            quote_identifier(database.dialect(), doctype.table), where.sql);
  return to_integer(fitting([&] { return database.query(statement, where.values); }).at(0).at(0));
}

}  // namespace bench
