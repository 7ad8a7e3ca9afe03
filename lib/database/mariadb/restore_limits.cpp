#include "database/mariadb/restore_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "database/mariadb/literal.hpp"

namespace bench {

namespace {

std::vector<std::string> column(MariadbDatabase& database, std::string_view statement) {
  std::vector<std::string> values;
  for (const Row& row : database.query(statement)) values.push_back(to_text(row[0]));
  return values;
}

bool is_broken(MariadbDatabase& database, const std::string& view) {
  try {
    database.query(fmt::format("SHOW FIELDS FROM {}", mariadb_name(view)));
    return false;
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    return true;
  }
}

// A column is written with the name of its table, which may be a database's as well.
bool reads_from(std::string_view create, std::string_view database) {
  for (std::size_t at = create.find(database); at != std::string_view::npos;
       at = create.find(database, at + 1)) {
    std::string_view before = create.substr(0, at);
    while (before.ends_with('(')) before.remove_suffix(1);
    if (before.ends_with("from ") || before.ends_with("join ")) return true;
  }
  return false;
}

// The account that loads a dump sees no other database.
bool names_one_of(MariadbDatabase& database, const std::string& view,
                  const std::vector<std::string>& databases) {
  const std::string create =
      to_text(database.query(fmt::format("SHOW CREATE VIEW {}", mariadb_name(view))).at(0).at(1));
  return std::ranges::any_of(databases, [&create](const std::string& name) {
    return reads_from(create, mariadb_name(name) + ".`");
  });
}

void add(std::vector<std::string>& limits, const std::vector<std::string>& names, std::string_view told) {
  if (!names.empty()) limits.push_back(fmt::format("{}: {}", told, fmt::join(names, ", ")));
}

}  // namespace

std::vector<std::string> mariadb_restore_limits(MariadbDatabase& database) {
  const std::vector<std::string> others = column(database,
                                                 "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "
                                                 "SCHEMA_NAME NOT IN (DATABASE(), 'information_schema')");
  std::vector<std::string> broken, elsewhere, limits;
  for (const std::string& view :
       column(database, "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()")) {
    if (is_broken(database, view))
      broken.push_back(view);
    else if (names_one_of(database, view, others))
      elsewhere.push_back(view);
  }
  add(limits, broken, "bench cannot restore this database, because views name what is gone; drop them");
  add(limits, elsewhere, "bench cannot restore this database, because views name other databases");
  add(limits,
      column(
          database,
          "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE "
          "= 'SYSTEM VERSIONED' ORDER BY 1"),
      "backups hold only the present rows of tables with system versioning");
  return limits;
}

}  // namespace bench
