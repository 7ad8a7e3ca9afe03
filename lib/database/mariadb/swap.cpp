#include "database/mariadb/swap.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "database/mariadb/literal.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

constexpr std::string_view note = "__bench_swap";

std::string qualified(const std::string& database, std::string_view name) {
  return fmt::format("{}.{}", mariadb_name(database), mariadb_name(name));
}

std::string drop(std::string_view kind, const std::string& database, const std::string& name) {
  return fmt::format("DROP {} IF EXISTS {}", kind, qualified(database, name));
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const MariadbObject* find_namesake(const std::vector<MariadbObject>& programs, const MariadbObject& object) {
  const auto found = std::find_if(programs.begin(), programs.end(), [&](const MariadbObject& other) {
    return other.kind == object.kind && other.name == object.name;
  });
  return found == programs.end() ? nullptr : &*found;
}

// A view or routine that is replaced keeps the rights that others were given on it, and readers never miss
// it.
std::vector<std::string> creation(MariadbObject object, const std::string& database,
                                  const std::string& collation) {
  constexpr std::string_view create = "CREATE ";
  const bool can_be_replaced =
      (object.type == Type::view || object.type == Type::routine) && object.create.starts_with(create);
  if (can_be_replaced) object.create.insert(create.size(), "OR REPLACE ");
  std::vector<std::string> statements = object.statements(collation);
  if (!can_be_replaced) statements.insert(statements.begin(), drop(object.kind, database, object.name));
  return statements;
}

bool is_unchanged(const MariadbObject& object, const MariadbObject* namesake) {
  return namesake != nullptr && (object.type == Type::view || object.type == Type::routine) &&
         namesake->create == object.create && namesake->sql_mode == object.sql_mode &&
         namesake->character_set == object.character_set && namesake->collation == object.collation &&
         namesake->database_collation == object.database_collation;
}

/// Collects what makes the programs `target` out of the programs `present`.
class ProgramChange {
 public:
  ProgramChange(const std::string& database, const std::vector<MariadbObject>& present,
                const std::vector<MariadbObject>& target)
      : m_database(database), m_present(present), m_target(target) {}

  // Before the tables change places: nothing may hold a table where it is, or the place of one that comes.
  std::vector<std::string> before(const std::vector<std::string>& coming_tables) const {
    std::vector<std::string> statements;
    for (const MariadbObject& object : m_present)
      if (object.type == Type::trigger || (object.type == Type::view && holds(coming_tables, object.name)))
        statements.push_back(drop(object.kind, m_database, object.name));
    return statements;
  }

  // The database has this collation afterwards, whatever it has now.
  std::vector<std::string> after(const std::vector<std::string>& coming_tables,
                                 const std::string& collation) const {
    std::vector<std::string> statements{
        fmt::format("ALTER DATABASE {} COLLATE {}", mariadb_name(m_database), collation)};
    for (const MariadbObject& object : m_present) {
      const bool is_gone =
          object.type == Type::trigger || (object.type == Type::view && holds(coming_tables, object.name));
      if (!is_gone && find_namesake(m_target, object) == nullptr)
        statements.push_back(drop(object.kind, m_database, object.name));
    }
    for (const MariadbObject& object : m_target) {
      if (is_unchanged(object, find_namesake(m_present, object))) continue;
      const auto created = creation(object, m_database, collation);
      statements.insert(statements.end(), created.begin(), created.end());
    }
    return statements;
  }

 private:
  const std::string& m_database;
  const std::vector<MariadbObject>& m_present;
  const std::vector<MariadbObject>& m_target;
};

// The server writes the database into a default that takes its number from a sequence.
std::vector<std::string> sequence_defaults(MariadbDatabase& server, const MariadbSwapNames& names) {
  const std::string from = mariadb_name(names.scratch) + ".", to = mariadb_name(names.live) + ".";
  const std::vector<Value> parameters{names.scratch, from};
  std::vector<std::string> statements;
  // Views show the defaults of the columns below them.
  for (const Row& row :
       server.query("SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS JOIN "
                    "information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = ? AND "
                    "TABLE_TYPE <> 'VIEW' AND LOCATE(?, COLUMN_DEFAULT) > 0",
                    parameters)) {
    std::string value = to_text(row[2]);
    for (std::size_t at = value.find(from); at != std::string::npos; at = value.find(from, at + to.size()))
      value.replace(at, from.size(), to);
    statements.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT ({})",
                                     qualified(names.live, to_text(row[0])), mariadb_name(to_text(row[1])),
                                     value));
  }
  return statements;
}

// They would follow the table to where it is dropped. InnoDB names tables as their files are named.
void refuse_references_from_outside(MariadbDatabase& server, const std::string& database) {
  const std::vector<Value> name{database};
  const auto rows = server.query(
      "SELECT FOR_NAME FROM information_schema.INNODB_SYS_FOREIGN WHERE SUBSTRING_INDEX(FOR_NAME, '/', 1) <> "
      "SUBSTRING_INDEX(REF_NAME, '/', 1) AND CONVERT(CONVERT(CAST(SUBSTRING_INDEX(REF_NAME, '/', 1) AS "
      "BINARY) "
      "USING filename) USING utf8mb4) = ?",
      name);
  if (!rows.empty())
    throw Error(Kind::configuration,
                fmt::format("a table of another database ({}) has a foreign key into {}", to_text(rows[0][0]),
                            database),
                "drop that key, and make it again after the restore");
}

std::string collation_of(MariadbDatabase& server, const std::string& database) {
  const std::vector<Value> name{database};
  return to_text(server.value(
      "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name));
}

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

using Part = std::vector<std::string> MariadbSwapPlan::*;
constexpr std::array<std::pair<std::string_view, Part>, 6> parts{
    {{"new-table", &MariadbSwapPlan::new_tables},
     {"old-table", &MariadbSwapPlan::old_tables},
     {"before", &MariadbSwapPlan::before},
     {"after", &MariadbSwapPlan::after},
     {"undo-before", &MariadbSwapPlan::undo_before},
     {"undo-after", &MariadbSwapPlan::undo_after}}};

}  // namespace

std::vector<std::string> mariadb_tables_in(MariadbDatabase& server, const std::string& database) {
  const std::vector<Value> name{database};
  std::vector<std::string> names;
  for (const Row& row :
       server.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND "
                    "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')",
                    name))
    names.push_back(to_text(row[0]));
  std::sort(names.begin(), names.end());
  return names;
}

bool mariadb_database_exists(MariadbDatabase& server, const std::string& database) {
  const std::vector<Value> name{database};
  return !server.query("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", name).empty();
}

MariadbSwapPlan plan_mariadb_swap(MariadbDatabase& server, const MariadbSwapNames& names,
                                  const std::vector<MariadbObject>& old_programs,
                                  const std::vector<MariadbObject>& new_programs) {
  refuse_references_from_outside(server, names.live);
  MariadbSwapPlan plan;
  plan.new_tables = mariadb_tables_in(server, names.scratch);
  plan.old_tables = mariadb_tables_in(server, names.live);
  const ProgramChange forwards(names.live, old_programs, new_programs);
  const ProgramChange backwards(names.live, new_programs, old_programs);
  plan.before = forwards.before(plan.new_tables);
  for (const MariadbObject& object : new_programs)
    if (object.type == Type::trigger) plan.before.push_back(drop("TRIGGER", names.scratch, object.name));
  plan.after = sequence_defaults(server, names);
  append(plan.after, forwards.after(plan.new_tables, collation_of(server, names.scratch)));
  plan.undo_before = forwards.before({});
  append(plan.undo_before, backwards.before(plan.old_tables));
  plan.undo_after = backwards.after(plan.old_tables, collation_of(server, names.live));
  return plan;
}

MariadbSwap::MariadbSwap(MariadbDatabase& server, MariadbSwapNames names)
    : m_server(server), m_names(std::move(names)), m_settings(server) {
  m_server.execute("SET SESSION sql_mode = '', foreign_key_checks = 0");
}

MariadbSwap::~MariadbSwap() {
  try {
    m_settings.apply(m_server);
  } catch (const Error&) {
    // A connection that is lost has no settings any more; its next statement says so.
  }
}

void MariadbSwap::save(const MariadbSwapPlan& plan) const {
  m_server.execute(fmt::format("CREATE DATABASE {}", mariadb_name(m_names.replaced)));
  const std::string table = qualified(m_names.replaced, note);
  m_server.execute(fmt::format(
      "CREATE TABLE {} (id INT AUTO_INCREMENT PRIMARY KEY, part VARCHAR(20) NOT NULL, words LONGBLOB "
      "NOT NULL) ENGINE=InnoDB",
      table));
  Transaction transaction(m_server);
  for (const auto& [name, part] : parts)
    for (const std::string& words : plan.*part) {
      const std::vector<Value> row{std::string(name), words};
      m_server.execute(fmt::format("INSERT INTO {} (part, words) VALUES (?, ?)", table), row);
    }
  transaction.commit();
}

// An empty note is one that was cut off, and then nothing has changed yet.
std::optional<MariadbSwapPlan> MariadbSwap::read_plan() const {
  const std::vector<Value> table{m_names.replaced, std::string(note)};
  if (m_server
          .query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", table)
          .empty())
    return std::nullopt;
  MariadbSwapPlan plan;
  const auto rows = m_server.query(
      fmt::format("SELECT part, words FROM {} ORDER BY id", qualified(m_names.replaced, note)));
  for (const Row& row : rows)
    for (const auto& [name, part] : parts)
      if (to_text(row[0]) == name) (plan.*part).push_back(to_text(row[1]));
  return rows.empty() ? std::nullopt : std::optional(plan);
}

// Only tables that are still where they are to leave from, so that it may be asked again at any point.
std::string MariadbSwap::rename(const MariadbSwapPlan& plan, Way way) const {
  const auto in_scratch = mariadb_tables_in(m_server, m_names.scratch);
  const auto in_replaced = mariadb_tables_in(m_server, m_names.replaced);
  std::vector<std::string> moves;
  const auto move = [&moves](const std::string& table, const std::string& from, const std::string& to) {
    moves.push_back(fmt::format("{} TO {}", qualified(from, table), qualified(to, table)));
  };
  if (way == Way::forwards) {
    for (const std::string& table : plan.old_tables)
      if (!holds(in_replaced, table)) move(table, m_names.live, m_names.replaced);
    for (const std::string& table : plan.new_tables)
      if (holds(in_scratch, table)) move(table, m_names.scratch, m_names.live);
  } else {
    for (const std::string& table : plan.new_tables)
      if (!holds(in_scratch, table)) move(table, m_names.live, m_names.scratch);
    for (const std::string& table : plan.old_tables)
      if (holds(in_replaced, table)) move(table, m_names.replaced, m_names.live);
  }
  return moves.empty() ? "" : fmt::format("RENAME TABLE {}", fmt::join(moves, ", "));
}

std::vector<std::string> MariadbSwap::statements(Way way) const {
  const auto plan = read_plan();
  if (!plan) return {};
  std::vector<std::string> all = way == Way::forwards ? plan->before : plan->undo_before;
  if (const std::string moves = rename(*plan, way); !moves.empty()) all.push_back(moves);
  append(all, way == Way::forwards ? plan->after : plan->undo_after);
  return all;
}

void MariadbSwap::run(Way way, Progress* progress) {
  for (const std::string& statement : statements(way)) {
    const bool is_setting = statement.starts_with("SET ");
    if (is_setting)
      m_server.execute(statement);
    else
      m_server.execute_patiently(statement, {.progress = progress});
  }
}

MariadbSwap::Way MariadbSwap::bring_to_end() {
  const auto plan = read_plan();
  if (!plan) return Way::backwards;
  const auto in_scratch = mariadb_tables_in(m_server, m_names.scratch);
  const bool has_begun = mariadb_tables_in(m_server, m_names.replaced).size() > 1 ||
                         !std::all_of(plan->new_tables.begin(), plan->new_tables.end(),
                                      [&](const std::string& table) { return holds(in_scratch, table); });
  if (has_begun) try {
      run(Way::forwards);
      return Way::forwards;
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
    }
  run(Way::backwards);
  return Way::backwards;
}

// The plan goes first: when only some of the tables are dropped it would be wrong.
void MariadbSwap::finish() {
  m_server.execute(fmt::format("DROP TABLE IF EXISTS {}", qualified(m_names.replaced, note)));
  m_server.execute(fmt::format("DROP DATABASE IF EXISTS {}", mariadb_name(m_names.replaced)));
}

}  // namespace bench
