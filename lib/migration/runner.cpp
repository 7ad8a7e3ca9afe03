#include "migration/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/time.hpp"
#include "migration/patch_log.hpp"
#include "migration/statement_effect.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"

namespace bench {

namespace {

Error failure_of(const Patch& patch, const Error& error) {
  return error.with_context(fmt::format("{}: patch {}: {}", patch.app, patch.id, patch.file));
}

}  // namespace

std::string_view name(RunState state) {
  switch (state) {
    case RunState::applied:
      return "applied";
    case RunState::skipped:
      return "skipped";
    case RunState::failed:
      return "failed";
    case RunState::pending:
      return "pending";
  }
  return "";
}

MigrationRunner::MigrationRunner(Database& database, Progress& progress, RunOptions options)
    : m_database(database), m_progress(progress), m_options(std::move(options)) {
  m_options.patience.progress = &m_progress;
}

MigrationReport MigrationRunner::run(const std::vector<const Patch*>& patches) {
  m_report = {};
  for (const Patch* patch : patches) m_report.patches.push_back({patch->app, patch->id, patch->phase});
  const bool one_transaction =
      m_database.features().atomicity == Features::Atomicity::run || m_options.unit == RunOptions::Unit::run;
  one_transaction ? run_as_one_transaction(patches) : run_patch_by_patch(patches);
  return std::move(m_report);
}

void MigrationRunner::run_as_one_transaction(const std::vector<const Patch*>& patches) {
  std::size_t failed = patches.size();
  bool is_committing = false;
  try {
    Transaction transaction(m_database);
    for (std::size_t i = 0; i < patches.size(); ++i) {
      failed = i;
      run_one(*patches[i], m_report.patches[i]);
      m_progress.advance(i + 1, patches.size());
      pause_point("migrate.patch-applied");
    }
    failed = patches.size();
    for (const Patch* patch : m_options.accepted) accept_checksum(m_database, *patch);
    note_run(m_database, m_options.operation);
    pause_point("migrate.before-commit");
    throw_if_interrupted();
    is_committing = true;
    transaction.commit();
    m_report.committed = true;
  } catch (const Error& error) {
    if (is_committing && is_committed()) {
      m_report.committed = true;
      m_report.failure = error.with_context("the patches are committed, but what follows a commit failed");
      return;
    }
    take_back(failed, error, patches);
    return;
  }
  pause_point("migrate.committed");
}

// A commit that fails may have done its work: on SQLite it also takes the fence again. Where the database
// does not tell, nothing must be promised that only holds without the commit.
bool MigrationRunner::is_committed() {
  try {
    return run_is_whole(m_database, m_options.operation);
  } catch (const Error&) {
    return true;
  }
}

// What ran before the failure was rolled back with it.
void MigrationRunner::take_back(std::size_t failed, const Error& error,
                                const std::vector<const Patch*>& patches) {
  for (PatchResult& result : m_report.patches) result.undo();
  if (failed == patches.size()) {
    m_report.failure = error;
    return;
  }
  m_report.failure = failure_of(*patches[failed], error);
  if (is_interruption(error)) return;
  m_report.patches[failed].state = RunState::failed;
  m_report.patches[failed].error = error.what();
}

void MigrationRunner::run_one(const Patch& patch, PatchResult& result) {
  const Stopwatch stopwatch;
  try {
    Savepoint savepoint(m_database, "bench_patch");
    apply(patch);
    write_patch_log(m_database, patch, LogAs::applied, m_options.operation, {});
    savepoint.release();
    result.state = RunState::applied;
  } catch (const Error& error) {
    // A statement that SQLite rolled back with the whole transaction cannot be skipped.
    const bool can_skip = m_options.on_failure == RunOptions::OnFailure::skip &&
                          (error.kind() == Kind::statement || error.kind() == Kind::configuration) &&
                          m_database.in_transaction();
    result.duration = stopwatch.elapsed();
    if (!can_skip) throw;
    skip(patch, error, result);
  }
  result.duration = stopwatch.elapsed();
  m_progress.note(fmt::format("{} {} {} ({})", name(result.state), patch.app, patch.id,
                              format_duration(result.duration)));
}

void MigrationRunner::skip(const Patch& patch, const Error& error, PatchResult& result) {
  result.state = RunState::skipped;
  result.error = failure_of(patch, error).what();
  if (m_journal && m_journal->exists()) {
    const Journal::Entries begun = m_journal->read(patch.log_key);
    const auto stays = std::ranges::count_if(begun, [](const auto& entry) { return entry.second.finished; });
    if (stays > 0)
      result.error += fmt::format(
          "; {} of its statements stay in the database, and the next run goes on behind them", stays);
  }
  m_progress.warning(fmt::format("skipped: {}", result.error));
  write_patch_log(m_database, patch, LogAs::skipped, m_options.operation, result.error);
}

void MigrationRunner::apply(const Patch& patch) {
  throw_if_interrupted();
  begin_session(patch.app);
  apply_statements(statements_of(patch, RunOptions::Printed::anew), m_options.patience);
}

std::vector<Statement> MigrationRunner::statements_of(const Patch& patch, RunOptions::Printed printed) {
  if (patch.kind != PatchKind::executable) return patch.statements;
  return statements_of_output(m_options.run_executable(patch, printed), patch.file, m_database.dialect());
}

void MigrationRunner::begin_session(const std::string& app) {
  if (!m_sessions_begun.insert(app).second) return;
  const auto session = m_options.session.find(app);
  if (session == m_options.session.end()) return;
  for (const std::string& statement : session->second) {
    try {
      m_database.execute(statement);
    } catch (const Error& error) {
      throw error.with_context(fmt::format("session statement '{}' of app {}", statement, app));
    }
  }
}

void MigrationRunner::apply_statements(const std::vector<Statement>& statements,
                                       const Database::LockPatience& patience) {
  for (const Statement& statement : statements) {
    throw_if_interrupted();
    execute(statement, patience);
  }
}

// Rows are locked by nobody once the app's writers are gone; what waits is DDL.
void MigrationRunner::execute(const Statement& statement, const Database::LockPatience& patience) {
  try {
    if (effect_of(statement) == Effect::schema)
      m_database.execute_patiently(statement.text, patience);
    else
      m_database.execute(statement.text);
  } catch (const Error& error) {
    throw error.with_context(fmt::format("line {}", statement.line));
  }
}

void MigrationRunner::run_patch_by_patch(const std::vector<const Patch*>& patches) {
  for (std::size_t i = 0; i < patches.size(); ++i) {
    try {
      run_by_itself(*patches[i], m_report.patches[i]);
    } catch (const Error& error) {
      return stop(*patches[i], error, m_report.patches[i]);
    }
    m_progress.advance(i + 1, patches.size());
    pause_point("migrate.patch-applied");
  }
  try {
    finish_run();
  } catch (const Error& error) {
    m_report.failure = error;
  }
}

void MigrationRunner::finish_run() {
  Transaction transaction(m_database);
  for (const Patch* patch : m_options.accepted) accept_checksum(m_database, *patch);
  note_run(m_database, m_options.operation);
  pause_point("migrate.before-commit");
  throw_if_interrupted();
  commit(transaction);
  pause_point("migrate.committed");
}

// What the server refused in so many words (a deferred constraint) changed nothing. Any other commit that
// fails may have done its work.
void MigrationRunner::commit(Transaction& transaction) {
  const bool had_committed = std::exchange(m_report.committed, true);
  try {
    transaction.commit();
  } catch (const Error& error) {
    if (error.kind() == Kind::statement || error.kind() == Kind::busy) m_report.committed = had_committed;
    throw;
  }
}

void MigrationRunner::stop(const Patch& patch, const Error& error, PatchResult& result) {
  m_report.failure = failure_of(patch, error);
  if (is_interruption(error)) return;
  result.state = RunState::failed;
  result.error = error.what();
}

void MigrationRunner::run_by_itself(const Patch& patch, PatchResult& result) {
  const Stopwatch stopwatch;
  try {
    throw_if_interrupted();
    apply_by_itself(patch);
    result.state = RunState::applied;
  } catch (const Error& error) {
    const bool can_skip = m_options.on_failure == RunOptions::OnFailure::skip &&
                          (error.kind() == Kind::statement || error.kind() == Kind::configuration);
    result.duration = stopwatch.elapsed();
    if (!can_skip) throw;
    Transaction transaction(m_database);
    skip(patch, error, result);
    commit(transaction);
  }
  result.duration = stopwatch.elapsed();
  m_progress.note(fmt::format("{} {} {} ({})", name(result.state), patch.app, patch.id,
                              format_duration(result.duration)));
}

bool MigrationRunner::rows_commit() {
  if (!m_rows_commit) m_rows_commit = m_database.has_tables_without_transactions();
  return *m_rows_commit;
}

bool MigrationRunner::commits_by_itself(const Statement& statement) {
  if (m_database.features().atomicity == Features::Atomicity::statement) {
    const Effect effect = effect_of(statement);
    return effect == Effect::schema || (effect == Effect::rows && rows_commit());
  }
  return runs_outside_transaction(statement);
}

void MigrationRunner::apply_by_itself(const Patch& patch) {
  begin_session(patch.app);
  // The first patch of all makes the table.
  if (!m_journal || !m_journal->exists()) m_journal.emplace(m_database, m_options.operation);
  const auto entries = m_journal->read(patch.log_key);
  const auto statements =
      statements_of(patch, entries.empty() ? RunOptions::Printed::anew : RunOptions::Printed::as_before);
  const auto commits = [this](const Statement& statement) { return commits_by_itself(statement); };
  if (entries.empty() && std::ranges::none_of(statements, commits))
    return apply_in_transaction(patch, statements);
  m_journal->exists() ? apply_journaled(patch, statements, entries)
                      : apply_without_journal(patch, statements);
}

// A lock that is not free makes the whole patch wait: what it has locked already would keep readers out
// meanwhile.
void MigrationRunner::apply_in_transaction(const Patch& patch, const std::vector<Statement>& statements) {
  const Stopwatch stopwatch;
  WaitNotes notes(&m_progress);
  const Database::LockPatience one_try{.lock_timeout = m_options.patience.lock_timeout, .patience = {}};
  for (std::chrono::milliseconds rest{100};; rest = std::min(rest * 2, std::chrono::milliseconds(2'000))) {
    try {
      Transaction transaction(m_database);
      apply_statements(statements, one_try);
      write_patch_log(m_database, patch, LogAs::applied, m_options.operation, {});
      return commit(transaction);
    } catch (const Error& error) {
      if (error.kind() != Kind::busy || stopwatch.elapsed() + rest >= m_options.patience.patience) throw;
      notes.still_waiting([&] { return fmt::format("{}; trying again", error.what()); });
    }
    throw_if_interrupted();
    std::this_thread::sleep_for(rest);
  }
}

// The first patch of all makes the journal, and can be run again as a whole.
void MigrationRunner::apply_without_journal(const Patch& patch, const std::vector<Statement>& statements) {
  m_report.committed = true;
  apply_statements(statements, m_options.patience);
  log_as_applied(patch);
}

void MigrationRunner::log_as_applied(const Patch& patch) {
  Transaction transaction(m_database);
  write_patch_log(m_database, patch, LogAs::applied, m_options.operation, {});
  if (m_journal->exists()) m_journal->forget(patch.log_key);
  transaction.commit();
}

void MigrationRunner::refuse_other_statements(const std::vector<Statement>& statements,
                                              const Journal::Entries& entries) {
  for (const auto& [position, entry] : entries) {
    const bool is_there = position < statements.size();
    if (!entry.finished || (is_there && entry.statement_hash == hash_of(statements[position]))) continue;
    throw Error(Kind::configuration,
                is_there ? fmt::format("line {}: an earlier run finished another statement in this place",
                                       statements[position].line)
                         : fmt::format("an earlier run finished {} statements, and there are {} now",
                                       position + 1, statements.size()),
                "put the statements back that were finished, and change only what comes after them");
  }
}

// A person goes on in another session than the one in which variables and temporary tables were made.
void MigrationRunner::refuse_lost_session(const std::vector<Statement>& statements,
                                          const Journal::Entries& entries) {
  if (entries.empty()) return;
  for (const Statement& statement : statements)
    if (leans_on_session(statement))
      throw Error(
          Kind::configuration,
          fmt::format("line {}: the patch uses a variable or a temporary table, which went with the session "
                      "of the run that was cut off",
                      statement.line),
          "go back with recover --restore, or finish the patch by hand and log it with mark-applied");
}

void MigrationRunner::apply_journaled(const Patch& patch, const std::vector<Statement>& statements,
                                      const Journal::Entries& entries) {
  refuse_other_statements(statements, entries);
  refuse_lost_session(statements, entries);
  for (std::size_t position = 0; position < statements.size(); ++position) {
    const Statement& statement = statements[position];
    throw_if_interrupted();
    const auto known = entries.find(position);
    if (effect_of(statement) == Effect::session) {
      execute(statement, m_options.patience);
    } else if (known == entries.end()) {
      run_journaled(patch, position, statement);
    } else if (!known->second.finished) {
      if (took_effect(patch, statement, known->second))
        m_journal->finish(patch.log_key, position);
      else
        run_journaled(patch, position, statement);
    }
  }
  log_as_applied(patch);
}

bool MigrationRunner::took_effect(const Patch& patch, const Statement& statement,
                                  const Journal::Entry& entry) {
  // A statement that was changed since is another one, which nobody has run.
  if (entry.statement_hash != hash_of(statement)) return false;
  const auto now = m_database.definition_of(statement.text);
  if (entry.object_before && now) return *entry.object_before != *now;
  if (m_options.in_doubt == RunOptions::InDoubt::run_again) return false;
  throw Error(
      Kind::needs_attention,
      fmt::format("line {}: nobody knows whether an earlier run finished this statement of {}: {}",
                  statement.line, patch.file, statement.text),
      "look at what it changes: recover --mark-applied when it took effect, recover --resume when it is to "
      "be run again, recover --restore to go back");
}

void MigrationRunner::run_journaled(const Patch& patch, std::size_t position, const Statement& statement) {
  if (!commits_by_itself(statement)) {
    Transaction transaction(m_database);
    execute(statement, m_options.patience);
    m_journal->take_back(patch.log_key, position);
    m_journal->note_finished(patch.log_key, position, statement);
    pause_point("migrate.statement-applied");
    commit(transaction);
    return;
  }
  const bool had_committed = std::exchange(m_report.committed, true);
  const auto before = m_journal->begin(patch.log_key, position, statement);
  pause_point("migrate.statement-begun");
  try {
    execute(statement, m_options.patience);
  } catch (const Error& error) {
    // What the server refused is not in doubt.
    if (error.kind() == Kind::database) throw;
    const auto now = m_database.definition_of(statement.text);
    if (before && before == now) {
      m_journal->take_back(patch.log_key, position);
      m_report.committed = had_committed;
    } else if (!before || !now) {
      m_journal->note_refused(patch.log_key, position);
    }
    throw;
  }
  pause_point("migrate.statement-applied");
  m_journal->finish(patch.log_key, position);
}

}  // namespace bench
