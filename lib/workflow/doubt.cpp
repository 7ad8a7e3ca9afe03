#include "workflow/doubt.hpp"

#include <fmt/format.h>

namespace bench {

std::optional<DoubtfulStatement> find_doubt(const Workplace& workplace, const Site& site,
                                            Database& database) {
  Journal journal(database, {});
  const auto place = journal.in_doubt();
  if (!place) return std::nullopt;
  DoubtfulStatement doubt{.place = *place,
                          .told = fmt::format("statement {} of {}", place->position + 1, place->patch),
                          .took_effect = {}};
  for (Patch& patch : patches_of(workplace, site)) {
    if (patch.log_key != place->patch) continue;
    read_statements(patch, database.dialect());
    if (place->position >= patch.statements.size()) continue;
    const Statement& statement = patch.statements[place->position];
    const auto before = journal.read(patch.log_key).at(place->position).object_before;
    const auto now = database.definition_of(statement.text);
    if (before && now) doubt.took_effect = *before != *now;
    doubt.told = fmt::format("{}:{}: {}", patch.file, statement.line, statement.text);
  }
  doubt.told += !doubt.took_effect   ? " (the database does not show whether it took effect)"
                : *doubt.took_effect ? " (the database shows that it took effect)"
                                     : " (the database shows that it did not take effect)";
  return doubt;
}

}  // namespace bench
