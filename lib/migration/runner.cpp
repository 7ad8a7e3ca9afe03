#include "migration/runner.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "migration/patch_log.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"

namespace bench {

namespace {

bool is_interruption(const Error& error) {
  return error.kind() == Kind::interrupted || error.kind() == Kind::terminated;
}

Error failure_of(const Patch& patch, const Error& error) {
  return error.with_context(fmt::format("{}: patch {}: {}", patch.app, patch.id, patch.file.string()));
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
    : m_database(database), m_progress(progress), m_options(std::move(options)) {}

MigrationReport MigrationRunner::run(const std::vector<const Patch*>& patches) {
  m_report = {};
  for (const Patch* patch : patches) m_report.patches.push_back({patch->app, patch->id, patch->phase});
  if (m_database.features().atomicity != Features::Atomicity::run)
    throw Error(Kind::configuration, fmt::format("{}: this version of bench cannot apply patches to it",
                                                 name(m_database.dialect())));
  run_as_one_transaction(patches);
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

// What ran before the failure was rolled back with it, and is pending again.
void MigrationRunner::take_back(std::size_t failed, const Error& error,
                                const std::vector<const Patch*>& patches) {
  for (PatchResult& result : m_report.patches) result.state = RunState::pending;
  if (failed == patches.size() || is_interruption(error)) {
    m_report.failure = error;
    return;
  }
  m_report.failure = failure_of(*patches[failed], error);
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
    if (!can_skip) throw;
    skip(patch, error, result);
  }
  result.duration = stopwatch.elapsed();
  m_progress.note(fmt::format("{} {} {} ({})", name(result.state), patch.app, patch.id,
                              format_duration(result.duration)));
}

void MigrationRunner::skip(const Patch& patch, const Error& error, PatchResult& result) {
  const Error failure = failure_of(patch, error);
  m_progress.warning(fmt::format("skipped: {}", failure.what()));
  write_patch_log(m_database, patch, LogAs::skipped, m_options.operation, failure.what());
  result.state = RunState::skipped;
  result.error = failure.what();
}

void MigrationRunner::apply(const Patch& patch) {
  throw_if_interrupted();
  begin_session(patch.app);
  if (patch.kind != PatchKind::executable) return apply_statements(patch.statements);
  apply_statements(statements_of_output(m_options.run_executable(patch), patch.file, m_database.dialect()));
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

void MigrationRunner::apply_statements(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) {
    try {
      m_database.execute(statement.text);
    } catch (const Error& error) {
      throw error.with_context(fmt::format("line {}", statement.line));
    }
  }
}

}  // namespace bench
