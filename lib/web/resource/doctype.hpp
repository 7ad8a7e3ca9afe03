#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/database.hpp"

namespace bench {

/// A table as people see it: `tabBook` is called Book, and a table without that prefix as it is named.
/// Bench's own tables and the accounts are not among them.
struct Doctype {
  std::string name;   ///< "Book"
  std::string table;  ///< "tabBook"
  std::vector<Column> columns;
  std::string key;  ///< the one column of the primary key; empty: its rows cannot be opened one by one

  const Column* find(std::string_view column) const;
  /// HttpFailure{417} when there is no such column.
  const Column& get(std::string_view column) const;
  const Column& key_column() const { return get(key); }
};

/// The names of all, sorted.
std::vector<std::string> doctype_names(Database& database);
/// HttpFailure{404} when there is none of that name.
Doctype get_doctype(Database& database, std::string_view name);

/// A person's words for a column: "lent_on" is "Lent on".
std::string label(std::string_view column);

}  // namespace bench
