#include "database/mariadb/content.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/error.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/program.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 11> number_types{"tinyint", "smallint", "mediumint", "int",
                                                        "bigint",  "decimal",  "float",     "double",
                                                        "bit",     "year",     "integer"};
constexpr std::array<std::string_view, 14> byte_types{
    "binary",       "varbinary",         "tinyblob",   "blob",
    "mediumblob",   "longblob",          "geometry",   "point",
    "linestring",   "polygon",           "multipoint", "multilinestring",
    "multipolygon", "geometrycollection"};

Row show(MariadbDatabase& database, std::string_view kind, const std::string& name) {
  return database.query(fmt::format("SHOW CREATE {} {}", kind, mariadb_name(name))).at(0);
}

// As bytes, of which the server can convert only those that are characters.
Row show_as_sent(MariadbDatabase& database, std::string_view kind, const std::string& name) {
  database.execute("SET character_set_results = NULL");
  const Row shown = show(database, kind, name);
  database.execute("SET character_set_results = utf8mb4");
  return shown;
}

std::vector<std::string> names_of(MariadbDatabase& database, std::string_view type) {
  const std::vector<Value> parameters{std::string(type)};
  std::vector<std::string> names;
  for (const Row& row :
       database.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                      "DATABASE() AND TABLE_TYPE = ?",
                      parameters))
    names.push_back(to_text(row[0]));
  std::sort(names.begin(), names.end());
  return names;
}

std::string unqualified(const std::string& create, const MariadbDatabase& database) {
  return without_database_of(Called::sequences_and_functions, create, database.settings().name);
}

// Where SHOW CREATE has the statement, and behind it character set, collation and, but for views, that of the
// database.
struct ShownColumns {
  std::size_t create, character_set;
};
constexpr ShownColumns of_view{1, 2}, of_program{2, 3}, of_event{3, 4};

/// An object as it is made again over a connection like the one that made it.
MariadbObject shown_program(MariadbDatabase& database, MariadbObject object, ShownColumns columns) {
  Row shown = show(database, object.kind, object.name);
  // NULL to an account that may execute it and not see it.
  if (is_null(shown.at(columns.create)))
    throw Error(Kind::database,
                fmt::format("the account {} may not read the {} {}", database.settings().user, object.kind,
                            object.name),
                "let bench use an admin account, or grant it SELECT on mysql.proc");
  const std::string sent = to_text(shown.at(columns.character_set));
  if (sent != object.character_set && !has_misleading_bytes(sent)) {
    object.character_set = sent;
    shown = show_as_sent(database, object.kind, object.name);
  }
  object.create = to_text(shown.at(columns.create));
  object.collation = to_text(shown.at(columns.character_set + 1));
  if (object.type == Type::view) return object;
  object.sql_mode = to_text(shown.at(1));
  object.database_collation = to_text(shown.at(columns.character_set + 2));
  if (object.type == Type::event) object.time_zone = to_text(shown.at(2));
  return object;
}

std::vector<MariadbObject> sequences_of(MariadbDatabase& database) {
  std::vector<MariadbObject> objects;
  for (const std::string& name : names_of(database, "SEQUENCE"))
    objects.push_back({.type = Type::sequence,
                       .name = name,
                       .table = name,
                       .kind = "SEQUENCE",
                       .create = to_text(show(database, "SEQUENCE", name).at(1))});
  return objects;
}

std::vector<MariadbObject> tables_of(MariadbDatabase& database) {
  std::vector<MariadbObject> objects;
  for (const std::string& name : database.tables())
    objects.push_back({.type = Type::table,
                       .name = name,
                       .table = name,
                       .kind = "TABLE",
                       .create = unqualified(to_text(show(database, "TABLE", name).at(1)), database)});
  return objects;
}

std::vector<MariadbObject> routines_of(MariadbDatabase& database) {
  std::vector<MariadbObject> objects;
  for (const Row& row :
       database.query("SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE "
                      "ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_TYPE, ROUTINE_NAME")) {
    const std::string kind = to_text(row[0]), name = to_text(row[1]);
    objects.push_back(shown_program(
        database, {.type = Type::routine, .name = name, .table = name, .kind = kind}, of_program));
  }
  return objects;
}

std::set<std::string> quoted_names(const std::string& statement) {
  std::set<std::string> names;
  SqlTokens tokens(statement);
  for (SqlToken token = tokens.next(); !token.is_end(); token = tokens.next())
    if (token.is_quoted && token.text.front() == '`') names.insert(token.name());
  return names;
}

// A view comes after those that it names.
std::vector<MariadbObject> views_of(MariadbDatabase& database) {
  std::map<std::string, MariadbObject> views;
  for (const std::string& name : names_of(database, "VIEW")) {
    MariadbObject view =
        shown_program(database, {.type = Type::view, .name = name, .table = name, .kind = "VIEW"}, of_view);
    view.create = unqualified(view.create, database);
    views.insert({name, std::move(view)});
  }
  std::vector<MariadbObject> ordered;
  std::set<std::string> visited;
  const std::function<void(const MariadbObject&)> visit = [&](const MariadbObject& view) {
    if (!visited.insert(view.name).second) return;
    for (const std::string& name : quoted_names(view.create))
      if (const auto other = views.find(name); other != views.end()) visit(other->second);
    ordered.push_back(view);
  };
  for (const auto& [name, view] : views) visit(view);
  return ordered;
}

// A trigger is shown with the names that its creator wrote.
std::vector<MariadbObject> triggers_of(MariadbDatabase& database) {
  std::vector<MariadbObject> objects;
  for (const Row& row :
       database.query("SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE "
                      "TRIGGER_SCHEMA = DATABASE() ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, "
                      "EVENT_MANIPULATION, ACTION_ORDER")) {
    const std::string name = to_text(row[0]), table = to_text(row[1]);
    objects.push_back(shown_program(
        database, {.type = Type::trigger, .name = name, .table = table, .kind = "TRIGGER"}, of_program));
    objects.back().create = without_own_database(objects.back().create);
  }
  return objects;
}

// The server shows an event's name in UTF-8, whatever the rest of its statement is in.
std::string sent_name(MariadbDatabase& database, const MariadbObject& object) {
  const std::vector<Value> name{object.name};
  return to_text(
      database.value(fmt::format("SELECT CAST(CONVERT(? USING {}) AS BINARY)", object.character_set), name));
}

std::vector<MariadbObject> events_of(MariadbDatabase& database) {
  std::vector<MariadbObject> objects;
  for (const Row& row :
       database.query("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = "
                      "DATABASE() ORDER BY EVENT_NAME")) {
    const std::string name = to_text(row[0]);
    MariadbObject event = shown_program(
        database, {.type = Type::event, .name = name, .table = name, .kind = "EVENT"}, of_event);
    event.create = with_event_name(event.create, mariadb_name(sent_name(database, event)));
    objects.push_back(std::move(event));
  }
  return objects;
}

void append(std::vector<MariadbObject>& all, std::vector<MariadbObject> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::string without_auto_increment(std::string create) {
  constexpr std::string_view option = " AUTO_INCREMENT=";
  const std::size_t options = create.rfind("\n) ENGINE=");
  if (options == std::string::npos) return create;
  const std::size_t at = create.find(option, options);
  if (at == std::string::npos || at > create.find(" DEFAULT CHARSET", options)) return create;
  return create.erase(at, create.find(' ', at + option.size()) - at);
}

std::string primary_key_of(MariadbDatabase& database, const std::string& table) {
  const std::vector<Value> parameters{table};
  std::vector<std::string> names;
  for (const Row& row :
       database.query("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = "
                      "DATABASE() AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX",
                      parameters))
    names.push_back(mariadb_name(to_text(row[0])));
  return fmt::format("{}", fmt::join(names, ", "));
}

// FLOAT prints six digits only, unless it is made a DOUBLE first.
std::string read_expression(const std::string& type, const std::string& column) {
  if (type == "float" || type == "double") return fmt::format("CAST({} AS DOUBLE)", column);
  return type == "bit" ? fmt::format("{}+0", column) : column;
}

}  // namespace

bool MariadbObject::is_sent_otherwise() const {
  return character_set != MariadbObject().character_set;
}

std::string MariadbObject::definition() const {
  std::string text = with_definer(create, "");
  if (type == Type::table) text = without_auto_increment(text);
  if (type == Type::event) text = with_event_status(text, "");
  if (is_sent_otherwise()) text += fmt::format("\n{} {}", character_set, collation);
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", kind, name, table, sql_mode, time_zone, text);
}

std::vector<std::string> MariadbObject::statements(const std::string& collation_of_database) const {
  if (collation.empty()) return {create};
  std::vector<std::string> all;
  if (type != Type::view) {
    std::string mode = "SET sql_mode = ";
    append_mariadb_text(mode, sql_mode);
    all.push_back(mode);
  }
  if (!time_zone.empty()) all.push_back(fmt::format("SET time_zone = '{}'", time_zone));
  const bool is_of_other_database =
      !database_collation.empty() && database_collation != collation_of_database;
  if (is_of_other_database) all.push_back("ALTER DATABASE COLLATE " + database_collation);
  all.push_back(
      fmt::format("SET character_set_client = {}, collation_connection = {}", character_set, collation));
  all.push_back(create);
  if (is_sent_otherwise()) all.emplace_back("SET NAMES utf8mb4");
  if (is_of_other_database) all.push_back("ALTER DATABASE COLLATE " + collation_of_database);
  return all;
}

bool has_misleading_bytes(std::string_view character_set) {
  static constexpr std::array<std::string_view, 4> misleading{"big5", "cp932", "gbk", "sjis"};
  return is_one_of(character_set, misleading);
}

std::string mariadb_database_collation(MariadbDatabase& database) {
  return to_text(database.value("SELECT @@collation_database"));
}

std::vector<MariadbObject> mariadb_programs(MariadbDatabase& database) {
  std::vector<MariadbObject> objects = routines_of(database);
  append(objects, views_of(database));
  append(objects, triggers_of(database));
  append(objects, events_of(database));
  return objects;
}

std::vector<MariadbObject> mariadb_objects(MariadbDatabase& database) {
  std::vector<MariadbObject> objects = sequences_of(database);
  append(objects, tables_of(database));
  append(objects, mariadb_programs(database));
  return objects;
}

MariadbRows mariadb_rows(MariadbDatabase& database, const std::string& table, const MariadbPeriod* period) {
  const std::vector<Value> parameters{table};
  MariadbRows rows;
  std::vector<std::string> names, expressions;
  for (const Row& row :
       database.query("SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA "
                      "= DATABASE() AND TABLE_NAME = ? AND IS_GENERATED = 'NEVER' ORDER BY "
                      "ORDINAL_POSITION",
                      parameters)) {
    const std::string name = mariadb_name(to_text(row[0])), type = to_text(row[1]);
    const auto form = is_one_of(type, number_types) ? MariadbRows::Form::number
                      : is_one_of(type, byte_types) ? MariadbRows::Form::bytes
                                                    : MariadbRows::Form::text;
    rows.forms.push_back(form);
    names.push_back(name);
    expressions.push_back(read_expression(type, name));
  }
  std::string key = primary_key_of(database, table);
  const std::string quoted = mariadb_name(table);
  if (period != nullptr) {
    for (const std::string& column : {period->start, period->end}) {
      rows.forms.push_back(MariadbRows::Form::text);
      names.push_back(mariadb_name(column));
      expressions.push_back(names.back());
    }
    // As the server has it in the key, seen or not.
    if (!key.empty()) key += ", " + names.back();
  }
  rows.select = fmt::format("SELECT {} FROM {}{} {}", fmt::join(expressions, ","), quoted,
                            period == nullptr ? "" : " FOR SYSTEM_TIME ALL",
                            key.empty() ? "USE INDEX ()" : "FORCE INDEX (PRIMARY) ORDER BY " + key);
  rows.insert = fmt::format("INSERT INTO {}({}) VALUES", quoted, fmt::join(names, ","));
  return rows;
}

void append_mariadb_literal(std::string& out, std::string_view value, MariadbRows::Form form) {
  if (form == MariadbRows::Form::number)
    out += value;
  else if (form == MariadbRows::Form::text)
    append_mariadb_text(out, value);
  else
    append_mariadb_bytes(out, value);
}

void append_mariadb_bytes(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += "X'";
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  out += '\'';
}

void append_mariadb_text(std::string& out, std::string_view text) {
  out += '\'';
  for (const char character : text) switch (character) {
      case '\0':
        out += "\\0";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\x1a':
        out += "\\Z";
        break;
      case '\'':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += character;
    }
  out += '\'';
}

}  // namespace bench
