#pragma once

#include <exception>
#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "operation/operation.hpp"
#include "workflow/migrate_site.hpp"

namespace bench {

/// {"kind", "message", "hint"}
nlohmann::json to_json(const Error& error);
/// {"fence", "gaps", "duration_ms", "drain_ms", "ended_sessions", "slipped_in"}
nlohmann::json to_json(const WindowReport& window);
/// Ends an operation that failed: its record says why. One whose window stands is left for `recover`.
void end_undone(Operation& operation, const std::exception& failure);
/// The result of a migrate as its operation's record keeps it and `--json` prints it.
nlohmann::json result_record(const MigrateReport& report);

}  // namespace bench
