#include "database/exporter.hpp"

#include <algorithm>

namespace bench {

namespace {

bool names(const std::vector<std::string>& list, std::string_view table) {
  return std::any_of(list.begin(), list.end(),
                     [table](const std::string& name) { return stands_for(name, table); });
}

}  // namespace

bool stands_for(std::string_view name, std::string_view table) {
  return table == name || (table.substr(0, 3) == "tab" && table.substr(3) == name);
}

bool TableSelection::selects(std::string_view table) const {
  return (includes.empty() || names(includes, table)) && !names(excludes, table);
}

}  // namespace bench
