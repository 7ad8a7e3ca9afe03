#include <fmt/format.h>

#include "base/digest.hpp"
#include "database/postgres/connection.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

// A name with its schema, if it has one, as it stands in the statement.
std::string name_at(const std::vector<SqlToken>& tokens, std::size_t at) {
  if (at >= tokens.size()) return {};
  std::string name(tokens[at].text);
  if (at + 2 < tokens.size() && tokens[at + 1].text == ".") name += fmt::format(".{}", tokens[at + 2].text);
  return name;
}

struct Target {
  enum class Kind { index, type } kind;
  std::string name;
};

// CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] name ON ..., DROP INDEX CONCURRENTLY [IF EXISTS] name,
// ALTER TYPE name ADD VALUE ...
std::optional<Target> target_of(std::string_view statement) {
  const std::vector<SqlToken> tokens = sql_tokens(statement, Dialect::postgres);
  std::size_t at = 0;
  const auto word = [&] { return at < tokens.size() ? tokens[at].word : std::string(); };
  const std::string verb = word();
  ++at;
  if (verb == "ALTER" && word() == "TYPE") return Target{Target::Kind::type, name_at(tokens, at + 1)};
  if (verb != "CREATE" && verb != "DROP") return std::nullopt;
  for (const char* skipped : {"UNIQUE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS"})
    if (word() == skipped) ++at;
  const std::string name = name_at(tokens, at);
  // An index without a name is given one that nobody can foretell, and a list is not undone as a whole.
  if (name.empty() || word() == "ON") return std::nullopt;
  for (std::size_t i = at; verb == "DROP" && i < tokens.size(); ++i)
    if (tokens[i].text == ",") return std::nullopt;
  return Target{Target::Kind::index, name};
}

}  // namespace

std::optional<std::string> PostgresDatabase::definition_of(std::string_view statement) {
  const auto target = target_of(statement);
  if (!target) return std::nullopt;
  const std::vector<Value> name{target->name};
  if (target->kind == Target::Kind::type)
    return sha256(to_text(value(
        "SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = "
        "pg_catalog.to_regtype(?)",
        name)));
  const auto rows = query(
      "SELECT pg_catalog.pg_get_indexdef(indexrelid), indisvalid::int FROM pg_catalog.pg_index WHERE "
      "indexrelid = "
      "pg_catalog.to_regclass(?)",
      name);
  if (rows.empty()) return std::string("absent");
  // What CREATE INDEX CONCURRENTLY leaves when it is cut off: neither there nor not there.
  if (to_integer(rows[0][1]) == 0) return std::nullopt;
  return sha256(to_text(rows[0][0]));
}

}  // namespace bench
