#include "web/resource/doctype.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "web/http/failure.hpp"

namespace bench {

namespace {

constexpr std::string_view prefix = "tab";

// Who may log in is changed with `add-user` and `set-admin-password`: a row that somebody edits here would
// make them more than they are.
bool is_hidden(std::string_view table) {
  constexpr std::array hidden{"tabPatch Log",    "tabUser",     "__Auth",
                              "__global_search", "tabSessions", "tabSingles"};
  return table.starts_with("__") || std::ranges::find(hidden, table) != hidden.end();
}

std::string name_of(std::string_view table) {
  return std::string(table.starts_with(prefix) && table.size() > prefix.size() ? table.substr(prefix.size())
                                                                               : table);
}

}  // namespace

const Column* Doctype::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

const Column& Doctype::get(std::string_view column) const {
  const Column* const found = find(column);
  if (found == nullptr) throw not_valid(fmt::format("{} has no field '{}'", name, column));
  return *found;
}

std::vector<std::string> doctype_names(Database& database) {
  std::vector<std::string> names;
  for (const std::string& table : database.tables())
    if (!is_hidden(table)) names.push_back(name_of(table));
  std::ranges::sort(names);
  return names;
}

Doctype get_doctype(Database& database, std::string_view name) {
  // By the letter, as bench compares: databases take names for equal that differ in case or in spaces.
  const std::vector<std::string> tables = database.tables();
  for (const std::string& table : {fmt::format("{}{}", prefix, name), std::string(name)}) {
    if (is_hidden(table) || std::ranges::find(tables, table) == tables.end()) continue;
    std::vector<Column> columns = database.columns(table);
    const std::vector<std::string> key = primary_key(columns);
    return {.name = name_of(table),
            .table = table,
            .columns = std::move(columns),
            .key = key.size() == 1 ? key.front() : ""};
  }
  throw not_found(fmt::format("there is no table called '{}'", name));
}

std::string label(std::string_view column) {
  std::string words(column);
  std::ranges::replace(words, '_', ' ');
  if (!words.empty()) words[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace bench
