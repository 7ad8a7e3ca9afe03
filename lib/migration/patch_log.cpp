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

PatchLog read_frappe_rows(Database& database) {
  PatchLog log;
  const std::string query =
      fmt::format("SELECT patch, skipped, creation FROM {}", quoted(database, "tabPatch Log"));
  database.read(query, {}, [&log](RowView row) {
    const bool is_skipped = to_integer(row[1]) != 0;
    // Frappe may have logged a patch several times; one success is enough.
    const auto [entry, is_new] = log.try_emplace(to_text(row[0]));
    if (is_new || entry->second.skipped)
      entry->second = {.skipped = is_skipped, .applied_at = to_text(row[2]), .checksum = {}, .operation = {}};
  });
  return log;
}

// Not joined by the server: to plan that takes it longer than to read both.
void add_own_rows(Database& database, PatchLog& log) {
  database.read("SELECT patch, checksum, operation FROM __bench_patch", {}, [&log](RowView row) {
    const auto entry = log.find(to_text(row[0]));
    if (entry == log.end()) return;
    entry->second.checksum = to_text(row[1]);
    entry->second.operation = to_text(row[2]);
  });
}

}  // namespace

// Both tables are there but for the first time: to ask for them would take longer than to read them.
PatchLog read_patch_log(Database& database) {
  PatchLog log;
  const auto is_missing = [&database](const Error& error, std::string_view table) {
    return error.kind() == Kind::statement && !database.has_table(table);
  };
  try {
    log = read_frappe_rows(database);
  } catch (const Error& error) {
    if (is_missing(error, "tabPatch Log")) return {};
    throw;
  }
  try {
    add_own_rows(database, log);
  } catch (const Error& error) {
    if (!is_missing(error, "__bench_patch")) throw;
  }
  return log;
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
