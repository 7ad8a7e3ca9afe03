#pragma once

#include <optional>
#include <string>

#include "operation/operation.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Why the backup that an operation took before its change must not be restored over the site, in words that
/// follow "because"; nullopt when it may. The operation's record knows: whether there is one, whether the
/// database enforces the fence, and whether the operator wants the failed state kept.
std::optional<std::string> why_not_put_back(const Site& site, const Operation& operation);

/// Makes the database what it was before the operation's change: the before-backup is proven, loaded into a
/// scratch database, compared with its manifest, and swapped in. Inside the operation's window, on its
/// connection. May be called again after it was cut off.
void put_back(const Workplace& workplace, const Site& site, Operation& operation, Database& run_connection);

/// Makes the record hold what `why_not_put_back` asks for.
enum class OnFailure { undo, keep };
void note_for_put_back(Operation& operation, FenceLevel fence, OnFailure on_failure);

}  // namespace bench
