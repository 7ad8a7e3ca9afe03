#include "migration/patch_log.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

constexpr std::size_t name_length = 10;

std::string quoted(Database& database, std::string_view table) {
  return quote_identifier(database.dialect(), table);
}

void execute(Database& database, const std::string& statement, const std::vector<Value>& parameters) {
  database.execute(statement, parameters);
}

std::int64_t as_number(LogAs as) {
  return as == LogAs::skipped ? 1 : 0;
}

void write_frappe_row(Database& database, const Patch& patch, LogAs as, const std::string& traceback) {
  const std::string table = quoted(database, "tabPatch Log");
  // A patch that was applied stays so when a later, forced run of it fails.
  const std::string_view which = as == LogAs::skipped ? " AND skipped = 1" : "";
  execute(database, fmt::format("DELETE FROM {} WHERE patch = ?{}", table, which), {patch.log_key});
  const std::string now = to_database_time(Clock::now());
  execute(database,
          "INSERT INTO " + table +
              " (name, creation, modified, modified_by, owner, docstatus, idx, patch, skipped, traceback)"
              " VALUES (?, ?, ?, 'Administrator', 'Administrator', 0, 0, ?, ?, ?)",
          {random_hex(name_length / 2), now, now, patch.log_key, as_number(as), traceback});
}

void write_own_row(Database& database, const Patch& patch, const std::string& operation) {
  execute(database, "DELETE FROM __bench_patch WHERE patch = ?", {patch.log_key});
  execute(database,
          "INSERT INTO __bench_patch (patch, app, checksum, operation, applied_at) VALUES (?, ?, ?, ?, ?)",
          {patch.log_key, patch.app, patch.checksum, operation, to_database_time(Clock::now())});
}

enum class OwnTable { exists, is_missing };

PatchLog read_log(Database& database, OwnTable own_table) {
  PatchLog log;
  const bool has_own = own_table == OwnTable::exists;
  const char* own_columns = has_own ? "b.checksum, b.operation" : "NULL, NULL";
  const char* own_join = has_own ? "LEFT JOIN __bench_patch b ON b.patch = l.patch" : "";
  const std::string query = fmt::format("SELECT l.patch, l.skipped, l.creation, {} FROM {} l {}", own_columns,
                                        quoted(database, "tabPatch Log"), own_join);
  for (const Row& row : database.query(query)) {
    LogEntry entry{.key = to_text(row[0]),
                   .skipped = to_integer(row[1]) != 0,
                   .applied_at = to_text(row[2]),
                   .checksum = to_text(row[3]),
                   .operation = to_text(row[4])};
    // Frappe may have logged a patch several times; one success is enough.
    const auto [known, is_new] = log.try_emplace(entry.key, entry);
    if (!is_new && known->second.skipped) known->second = entry;
  }
  return log;
}

}  // namespace

// Both tables are there but for the first time: to ask for them would take longer than to read them.
PatchLog read_patch_log(Database& database) {
  try {
    return read_log(database, OwnTable::exists);
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
  }
  if (!database.has_table("tabPatch Log")) return {};
  return read_log(database, database.has_table("__bench_patch") ? OwnTable::exists : OwnTable::is_missing);
}

void write_patch_log(Database& database, const Patch& patch, LogAs as, const std::string& operation,
                     const std::string& traceback) {
  write_frappe_row(database, patch, as, traceback);
  if (as == LogAs::applied) write_own_row(database, patch, operation);
}

void accept_checksum(Database& database, const Patch& patch) {
  execute(database, "UPDATE __bench_patch SET checksum = ? WHERE patch = ?", {patch.checksum, patch.log_key});
}

void note_run(Database& database, const std::string& operation) {
  database.execute("DELETE FROM __bench_state WHERE state_key = 'last_run'");
  execute(database, "INSERT INTO __bench_state (state_key, state_value) VALUES ('last_run', ?)", {operation});
}

bool run_is_whole(Database& database, const std::string& operation) {
  const std::vector<Value> parameters{operation};
  return database.has_table("__bench_state") &&
         !database
              .query("SELECT 1 FROM __bench_state WHERE state_key = 'last_run' AND state_value = ?",
                     parameters)
              .empty();
}

bool applied_anything(Database& database, const std::string& operation) {
  const std::vector<Value> parameters{operation};
  return database.has_table("__bench_patch") &&
         !database.query("SELECT 1 FROM __bench_patch WHERE operation = ? LIMIT 1", parameters).empty();
}

}  // namespace bench
