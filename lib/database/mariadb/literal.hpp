#pragma once

#include <span>
#include <string>
#include <string_view>

#include "database/value.hpp"

namespace bench {

/// A string as an SQL literal that means the same whatever sql_mode the session has, NO_BACKSLASH_ESCAPES and
/// ANSI_QUOTES included. Bytes that are no UTF-8 become a binary literal.
std::string mariadb_text(std::string_view text);

/// `name`, with the backtick doubled inside; also for grants, where the name is the stored pattern.
std::string mariadb_name(std::string_view name);

/// The statement with its `?` replaced by literals, those in strings, names and comments left alone.
/// Error{statement} when there are more or fewer of them than parameters.
std::string bind_mariadb(std::string_view statement, std::span<const Value> parameters);

}  // namespace bench
