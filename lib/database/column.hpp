#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/value.hpp"

namespace bench {

/// What a person enters into a column.
enum class ColumnType {
  text,
  long_text,
  integer,
  boolean,
  decimal,
  real,
  date,
  time,
  datetime,
  json,
  binary
};
std::string_view name(ColumnType type);

/// By the type as it was declared, in any of the three dialects; what is not known is text.
ColumnType column_type(std::string_view declared);
/// The length that a declaration such as "varchar(140)" names for text.
std::optional<int> declared_length(std::string_view declared);

struct Column {
  std::string name;
  std::string declared;  ///< the type as the database tells it
  ColumnType type = ColumnType::text;
  std::optional<int> max_length;  ///< characters
  bool nullable = true;
  bool has_default = false;   ///< of its own, an automatic number included
  std::string default_sql;    ///< the default as the database words it; empty for an automatic number
  bool is_generated = false;  ///< computed by the database; it cannot be written
  bool in_primary_key = false;
};

/// The values that a declaration such as "enum('Open','Closed')" allows; none for every other type.
std::vector<std::string> enum_values(std::string_view declared);

/// Columns of rows (name, declaration, nullable, has a default, is generated, is in the primary key, the
/// default or NULL), the four in the middle as 0 or 1.
std::vector<Column> columns_of(const std::vector<Row>& rows);

/// The names of the primary key's columns.
std::vector<std::string> primary_key(const std::vector<Column>& columns);

}  // namespace bench
