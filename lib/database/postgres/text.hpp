#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/value.hpp"

namespace bench {

/// The statement with its `?` as $1, $2, ...; those in strings and comments stay.
std::string numbered_parameters(std::string_view statement);

/// `"name"`, and `"schema"."name"`.
std::string quote_name(std::string_view name);
std::string quote_name(std::string_view schema, std::string_view name);
/// A string literal that reads the same whatever standard_conforming_strings says.
std::string quote_text(std::string_view text);

/// The first value of each row.
std::vector<std::string> first_column(const std::vector<Row>& rows);
/// For people: five of them, and how many more there are.
std::string some_of(const std::vector<std::string>& names);

/// `name`, which all its parts are joined in, within PostgreSQL's 63 bytes: what is longer ends in a hash of
/// the whole.
std::string within_identifier_limit(const std::string& name);

/// NOLOGIN role that owns what is in a site's database.
std::string owner_role(std::string_view database);

/// The bytes of a bytea in its hex format ("\x00ff").
std::string from_bytea(std::string_view hex);

}  // namespace bench
