#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/database.hpp"
#include "migration/patch.hpp"

namespace bench {

/// What the database says of one patch: `tabPatch Log` (Frappe's, the truth about what was applied) joined
/// with `__bench_patch` (ours: checksum and operation).
struct LogEntry {
  bool skipped = false;    ///< it failed under --skip-failing, and is pending
  std::string applied_at;  ///< as the database holds it
  std::string checksum;    ///< empty: logged by another tool
  std::string operation;   ///< empty: logged by another tool
};
/// By Patch::log_key.
using PatchLog = std::map<std::string, LogEntry, std::less<>>;

/// Empty when the tables do not exist yet. A query for each of the tables, whatever the number of patches;
/// not inside a transaction.
PatchLog read_patch_log(Database& database);

enum class LogAs { applied, skipped };
/// Writes the patch's rows; the caller's transaction makes them durable. A row of the same key is replaced,
/// so that a patch is logged once.
void write_patch_log(Database& database, const Patch& patch, LogAs as, const std::string& operation,
                     const std::string& traceback);

/// From now on the patch's file is taken as what was applied.
void accept_checksum(Database& database, const Patch& patch);

/// Notes, in the caller's transaction, that the operation's run is whole: the last thing a run writes.
void note_run(Database& database, const std::string& operation);
/// Whether the database holds that note of the operation, which must be the latest that wrote one.
bool run_is_whole(Database& database, const std::string& operation);
/// Whether the operation applied any patch that is in the database.
bool applied_anything(Database& database, const std::string& operation);

}  // namespace bench
