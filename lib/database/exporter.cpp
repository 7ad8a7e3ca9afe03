#include "database/exporter.hpp"

#include <algorithm>

namespace bench {

namespace {

bool names(const std::vector<std::string>& list, std::string_view table) {
  return std::any_of(list.begin(), list.end(), [table](const std::string& name) {
    return table == name || (table.substr(0, 3) == "tab" && table.substr(3) == name);
  });
}

}  // namespace

bool TableSelection::selects(std::string_view table) const {
  return (includes.empty() || names(includes, table)) && !names(excludes, table);
}

}  // namespace bench
