#include "database/mariadb/collations.hpp"

#include <array>
#include <string_view>
#include <vector>

#include "database/tokens.hpp"

namespace bench {

namespace {

struct Renaming {
  std::string_view from, to;
};

// The first whose outcome the server knows counts. MariaDB 11.4 itself takes MySQL's names of Unicode 9 for
// those of Unicode 14, and before 10.10 there is Unicode 5.2.
constexpr std::array<Renaming, 9> renamings{{
    {"utf8mb4_0900_bin", "utf8mb4_nopad_bin"},
    {"utf8mb4_0900_", "utf8mb4_uca1400_nopad_"},
    {"utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_nopad_ci"},
    {"utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_unicode_520_nopad_ci"},
    {"utf8mb4_uca1400_ai_ci", "utf8mb4_unicode_520_ci"},
    {"utf8mb3_uca1400_ai_ci", "utf8mb3_unicode_520_ci"},
    {"uca1400_ai_ci", "utf8mb4_unicode_520_ci"},
    {"utf8mb3_", "utf8_"},
    {"utf8_", "utf8mb3_"},
}};

bool knows(MariadbDatabase& server, const std::string& collation) {
  const std::vector<Value> name{collation};
  return !server
              .query(
                  "SELECT 1 FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE "
                  "FULL_COLLATION_NAME = ?",
                  name)
              .empty();
}

}  // namespace

std::optional<std::string> equivalent_collation(MariadbDatabase& server, const std::string& unknown) {
  for (const Renaming& renaming : renamings) {
    if (!unknown.starts_with(renaming.from)) continue;
    const std::string name = std::string(renaming.to) + unknown.substr(renaming.from.size());
    if (knows(server, name)) return name;
  }
  return std::nullopt;
}

std::string with_collation(const std::string& statement, const std::string& from, const std::string& to) {
  std::string changed;
  std::size_t copied = 0;
  SqlTokens tokens(statement);
  for (SqlToken token = tokens.next(); !token.is_end(); token = tokens.next()) {
    // A string is a value that only looks like one.
    if (token.text.front() == '\'' || token.name() != from) continue;
    changed += statement.substr(copied, token.begin - copied) + to;
    copied = token.end;
  }
  return changed + statement.substr(copied);
}

}  // namespace bench
