#pragma once

#include <string>

#include "database/database.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Applies the pending patches of `core`, bench's own app, at once and in no window: they only create tables
/// of bench.
void apply_core(const Workplace& workplace, Database& database, const std::string& operation);

}  // namespace bench
