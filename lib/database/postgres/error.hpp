#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "database/backend.hpp"

namespace bench {

/// What PostgreSQL said of a statement, as an Error: busy (a lock could not be had), interrupted (57014 when
/// `cancelled`), database (the connection is lost or the server goes down) or statement.
struct PostgresRefusal {
  std::string sqlstate;
  std::string words;
  bool connection_lost = false;
  bool cancelled = false;
};
Error postgres_error(const PostgresRefusal& refusal, std::string_view statement);

inline constexpr std::string_view insufficient_privilege = "42501";

/// "database 'x' on /run/postgresql port 5432 as 'u'": never the password.
std::string describe(const ConnectionSettings& settings);

}  // namespace bench
