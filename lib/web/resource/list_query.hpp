#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http/message.hpp"
#include "web/resource/doctype.hpp"

namespace bench {

/// Which rows of a doctype: names of columns are checked against the doctype, values are bound, so nothing
/// of a request becomes SQL.
struct ListQuery {
  struct Condition {
    std::string sql;  ///< with `?`
    std::vector<Value> values;
  };
  std::vector<std::string> fields;
  std::vector<Condition> conditions;
  struct Order {
    std::string column;
    bool descending = false;
  };
  std::vector<Order> order;
  std::int64_t start = 0;
  std::int64_t limit = 20;
  bool is_all = false;  ///< more rows than may be answered at once are an HttpFailure{417}
};

/// Frappe's parameters: `fields` (JSON list; "*" is all), `filters` ([[field, op, value]], [[doctype, field,
/// op, value]] or {field: value}), `or_filters` not; `order_by` ("modified desc, name"), `limit_start`,
/// `limit_page_length` and `limit`. What comes twice in `fields` or `order_by` counts once. HttpFailure{417}
/// names what cannot be understood, or is too much.
ListQuery parse_list_query(const Doctype& doctype, Dialect dialect, const HttpParameters& parameters);

/// Frappe's addresses of lists: the value of a column, or ["operator", value] as JSON. HttpFailure{417} as
/// above.
ListQuery::Condition address_condition(const Doctype& doctype, Dialect dialect, const std::string& column,
                                       const std::string& value);

/// Rows in which one of the text columns contains the words.
ListQuery::Condition search_condition(const Doctype& doctype, Dialect dialect, std::string_view words);

/// Shows each row to `see`, its values in the order of the query's fields; see Database::read.
/// HttpFailure{417} when the database cannot compare or sort a column as it was asked to; so does count_rows.
void list_rows(Database& database, const Doctype& doctype, const ListQuery& query,
               const std::function<void(RowView)>& see);
std::int64_t count_rows(Database& database, const Doctype& doctype, const ListQuery& query);

}  // namespace bench
