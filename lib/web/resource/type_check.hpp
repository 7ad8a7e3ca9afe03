#pragma once

#include <optional>
#include <string_view>

#include "database/column.hpp"

namespace bench {

/// "-12", of as many digits as somebody likes.
bool is_whole_number(std::string_view text);
/// "-1.5e3"; neither infinite nor larger than a double.
bool is_finite_number(std::string_view text);
/// What a decimal number is as a double; nullopt for one that has more digits than a double can hold, and for
/// text that is none.
std::optional<double> exact_double(std::string_view decimal);
/// "2026-11-30", a day that there is.
bool is_date(std::string_view text);
/// Whether nothing entered is an empty text, and no NULL.
bool holds_text(const Column& column);
/// "9:05", "12:00", "12:00:00" and "12:00:00.123456".
bool is_time(std::string_view text);

/// What a server refuses, for a database that does not (see Features::checks_types): HttpFailure{417} that
/// names the field when the value does not fit the column's type or length. NULL fits.
void check_type(const Column& column, const Value& value);

}  // namespace bench
