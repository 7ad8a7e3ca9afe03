#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "maintenance/window.hpp"
#include "workflow/migrate_site.hpp"

namespace bench {

/// {"kind", "message", "hint"}
nlohmann::json to_json(const Error& error);
/// {"fence", "gaps", "duration_ms", "drain_ms", "ended_sessions", "slipped_in"}
nlohmann::json to_json(const WindowReport& window);
/// The result of a migrate as its operation's record keeps it and `--json` prints it.
nlohmann::json result_record(const MigrateReport& report);

}  // namespace bench
