#pragma once

#include <optional>
#include <string>

#include "migration/journal.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// A statement of which the journal does not know whether it took effect.
struct DoubtfulStatement {
  Journal::InDoubt place;
  std::string told;                 ///< file, line and text, and what the database shows
  std::optional<bool> took_effect;  ///< where the database proves it
};

/// nullopt when there is none. Error{configuration} when the patch cannot be read.
std::optional<DoubtfulStatement> find_doubt(const Workplace& workplace, const Site& site, Database& database);

}  // namespace bench
