#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "database/database.hpp"
#include "migration/journal.hpp"
#include "migration/plan.hpp"

namespace bench {

enum class RunState { applied, skipped, failed, pending };
std::string_view name(RunState state);

struct PatchResult {
  std::string app;
  std::string patch;
  Phase phase;
  RunState state = RunState::pending;
  std::chrono::milliseconds duration{0};
  std::string error;    ///< of a skipped or failed patch
  bool undone = false;  ///< it is pending again: what it did was taken back with the run

  void undo() {
    if (state != RunState::applied && state != RunState::skipped) return;
    state = RunState::pending;
    undone = true;
  }
};

/// What a run did. A failed patch is a result, not an exception.
struct MigrationReport {
  std::vector<PatchResult> patches;
  /// Why it stopped: app, patch, file, line of the statement and the database's words.
  std::optional<Error> failure;
  bool committed = false;  ///< whether anything of the run is durable; true, too, where nobody knows
};

struct RunOptions {
  std::string operation;
  enum class OnFailure { stop, skip } on_failure = OnFailure::stop;
  /// `run`: all patches in one transaction, where the database can; else each as far as it can.
  enum class Unit { patch, run } unit = Unit::patch;
  /// Of statements that wait for others' locks.
  Database::LockPatience patience;
  /// What to do with a statement that an earlier run was cut off in, when the database does not prove whether
  /// it took effect.
  enum class InDoubt { stop, run_again } in_doubt = InDoubt::stop;
  /// Statements for the session before its first patch, per app name, already chosen for this database.
  std::map<std::string, std::vector<std::string>> session;
  /// Applied patches whose files have changed and are accepted as they are now.
  std::vector<const Patch*> accepted;
  /// Runs an executable patch and answers the SQL it printed. Error when it failed. `as_before`: an earlier
  /// run began statements of it, so that what it printed then counts, as far as that is known.
  enum class Printed { anew, as_before };
  std::function<std::string(const Patch&, Printed)> run_executable;
};

/// Applies patches in order on one connection, each with its log row, and stops at the first failure. Atomic
/// as far as Features::atomicity says; a patch that cannot be one transaction is journaled, and goes on where
/// an earlier run of it stopped.
class MigrationRunner {
 public:
  MigrationRunner(Database& database, Progress& progress, RunOptions options);
  MigrationReport run(const std::vector<const Patch*>& patches);

 private:
  void run_as_one_transaction(const std::vector<const Patch*>& patches);
  bool is_committed();
  void take_back(std::size_t failed, const Error& error, const std::vector<const Patch*>& patches);
  void run_patch_by_patch(const std::vector<const Patch*>& patches);
  void run_by_itself(const Patch& patch, PatchResult& result);
  void commit(Transaction& transaction);
  void apply_by_itself(const Patch& patch);
  void apply_in_transaction(const Patch& patch, const std::vector<Statement>& statements);
  void apply_without_journal(const Patch& patch, const std::vector<Statement>& statements);
  void apply_journaled(const Patch& patch, const std::vector<Statement>& statements,
                       const Journal::Entries& entries);
  static void refuse_lost_session(const std::vector<Statement>& statements, const Journal::Entries& entries);
  static void refuse_other_statements(const std::vector<Statement>& statements,
                                      const Journal::Entries& entries);
  void run_journaled(const Patch& patch, std::size_t position, const Statement& statement);
  bool took_effect(const Patch& patch, const Statement& statement, const Journal::Entry& entry);
  bool commits_by_itself(const Statement& statement);
  /// Whether some table knows no transactions. Asked of the database when it first matters: that reads every
  /// table.
  bool rows_commit();
  void log_as_applied(const Patch& patch);
  void finish_run();
  void stop(const Patch& patch, const Error& error, PatchResult& result);
  std::vector<Statement> statements_of(const Patch& patch, RunOptions::Printed printed);
  void run_one(const Patch& patch, PatchResult& result);
  void skip(const Patch& patch, const Error& error, PatchResult& result);
  void apply(const Patch& patch);
  void begin_session(const std::string& app);
  void apply_statements(const std::vector<Statement>& statements, const Database::LockPatience& patience);
  void execute(const Statement& statement, const Database::LockPatience& patience);
  Database& m_database;
  Progress& m_progress;
  RunOptions m_options;
  MigrationReport m_report;
  std::set<std::string> m_sessions_begun;
  std::optional<Journal> m_journal;
  std::optional<bool> m_rows_commit;
};

}  // namespace bench
