#pragma once

#include <string>
#include <string_view>

namespace bench {

/// The SQL that a database speaks, as far as bench must know it: how its text is cut into statements and how
/// names and strings are written in it.
enum class Dialect { mariadb, postgres, sqlite };

/// "mariadb", "postgres", "sqlite": also the db_type and the middle of `x.sqlite.sql`.
std::string_view name(Dialect dialect);

/// `"name"` or, on MariaDB, `` `name` ``, with the quote doubled inside.
std::string quote_identifier(Dialect dialect, std::string_view identifier);

/// An expression as what can be compared with a text, whatever its type is: PostgreSQL wants that said.
std::string as_text(Dialect dialect, std::string_view expression);

}  // namespace bench
