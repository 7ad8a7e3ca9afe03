#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "web/resource/doctype.hpp"

namespace bench {

/// Which rows of a doctype: names of columns are checked against the doctype, values are bound, so nothing
/// of a request becomes SQL. HttpFailure{417} names what a filter has that cannot be understood.
struct Condition {
  std::string sql;  ///< with `?`
  std::vector<Value> values;
};

/// Frappe's filters: [[field, op, value]], [[doctype, field, op, value]] or {field: value}. A NULL compares
/// as Frappe has it (frappe.model.db_query): as '' among texts, as 0 among numbers, as before all dates.
std::vector<Condition> filter_conditions(const Doctype& doctype, Dialect dialect,
                                         const nlohmann::json& filters);

/// Frappe's addresses of lists: the value of a column, or ["operator", value] as JSON.
Condition address_condition(const Doctype& doctype, Dialect dialect, const std::string& column,
                            const std::string& value);

/// Rows in which one of the text columns contains the words.
Condition search_condition(const Doctype& doctype, Dialect dialect, std::string_view words);

}  // namespace bench
