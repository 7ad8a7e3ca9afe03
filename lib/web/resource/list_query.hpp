#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http/message.hpp"
#include "web/resource/condition.hpp"
#include "web/resource/doctype.hpp"

namespace bench {

/// Which rows of a doctype, in which order, and what of them.
struct ListQuery {
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

/// Frappe's parameters: `fields` (JSON list; "*" is all), `filters` (see filter_conditions), `or_filters`
/// not; `order_by` ("modified desc, name"), `limit_start`, `limit_page_length` and `limit`. What comes twice
/// in `fields` or `order_by` counts once. HttpFailure{417} names what cannot be understood, or is too much.
ListQuery parse_list_query(const Doctype& doctype, Dialect dialect, const HttpParameters& parameters);

/// Shows each row to `see`, its values in the order of the query's fields; see Database::read.
/// HttpFailure{417} when the database cannot compare or sort a column as it was asked to; so does count_rows.
void list_rows(Database& database, const Doctype& doctype, const ListQuery& query,
               const std::function<void(RowView)>& see);
std::int64_t count_rows(Database& database, const Doctype& doctype, const ListQuery& query);

}  // namespace bench
