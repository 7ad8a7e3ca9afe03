#pragma once

#include <optional>
#include <string>

#include "database/mariadb/connection.hpp"

namespace bench {

/// What this server calls a collation that it does not know, such as MySQL's utf8mb4_0900_ai_ci or one of a
/// newer MariaDB: one that orders and compares by the same or the next older rules of Unicode, with the same
/// padding. nullopt when it has none.
std::optional<std::string> equivalent_collation(MariadbDatabase& server, const std::string& unknown);

/// The statement with the name `from` replaced where it stands as a word or a name in backticks.
std::string with_collation(const std::string& statement, const std::string& from, const std::string& to);

}  // namespace bench
