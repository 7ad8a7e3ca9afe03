#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bench {

/// A value of a result row or of a bound parameter. Text and blobs are both strings of bytes.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Value>;
/// The same where they lie with the driver: valid until it is asked for the next row.
using ValueView = std::variant<std::monostate, std::int64_t, double, std::string_view>;
using RowView = std::span<const ValueView>;
ValueView view_of(const Value& value);
Value copy_of(const ValueView& value);

/// The value as text; NULL is the empty string.
std::string to_text(const Value& value);
std::string to_text(const ValueView& value);
/// The value as an integer; NULL and what is no number are 0.
std::int64_t to_integer(const Value& value);
std::int64_t to_integer(const ValueView& value);
inline bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

}  // namespace bench
