#include "workflow/change_in_window.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/time.hpp"
#include "maintenance/announcement.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/result.hpp"

namespace bench {

namespace {

/// One change under way: the parts of the story that `change_in_window` tells.
class Change {
 public:
  Change(const Workplace& workplace, const Site& site, Operation& operation, WindowedChange& change,
         MigrateReport& report)
      : m_workplace(workplace), m_site(site), m_operation(operation), m_change(change), m_report(report) {}

  void run();

 private:
  MaintenanceWindow enter();
  void stay_out(const Error& error);
  Error with_next_command(const Error& failure) const;
  ChangeOutcome change_it(MaintenanceWindow& window);
  void end(MaintenanceWindow& window, const ChangeOutcome& outcome);
  void back_up_before();
  void open_after_backup();
  void back_up_after();
  void tell_end();
  void finish_operation();
  void report_lacking_backup(const std::exception& error);
  void undo(const Error& failure);
  bool take_back_what_was_left(MaintenanceWindow& window, const Error& failure);
  void renew_lost_connection(MaintenanceWindow& window);
  void stay_after(const MaintenanceWindow& window, const Error& failure, const Error& of_undo);
  void wait_for_server(const MaintenanceWindow& window, const Error& failure, const Error& of_undo);
  void stay(const MaintenanceWindow& window, const Error& failure, const std::string& reason);
  void leave(MaintenanceWindow& window);
  std::filesystem::path back_up(const std::filesystem::path& folder);

  const Workplace& m_workplace;
  const Site& m_site;
  Operation& m_operation;
  WindowedChange& m_change;
  MigrateReport& m_report;
  bool m_enforced = false;
  std::optional<OpenBackup> m_after;
};

void Change::run() {
  std::optional<Error> failure;
  try {
    std::optional<MaintenanceWindow> window;
    try {
      window.emplace(enter());
    } catch (const std::exception& exception) {
      failure = to_error(exception);
      return stay_out(*failure);
    }
    const ChangeOutcome outcome = change_it(*window);
    failure = outcome.failure;
    end(*window, outcome);
  } catch (const std::exception& exception) {
    // A full disk that takes no record, say. What is left to do is in the record that there is.
    m_report.result = MigrateResult::needs_attention;
    m_report.error = Error(Kind::needs_attention,
                           fmt::format("{}what was to follow failed: {}",
                                       failure ? fmt::format("{}; ", failure->what()) : "", exception.what()),
                           fmt::format("bench --site {} recover", m_site.name()));
  }
}

void Change::end(MaintenanceWindow& window, const ChangeOutcome& outcome) {
  if (!outcome.failure) {
    m_report.result = MigrateResult::migrated;
    if (m_change.backup.after) open_after_backup();
  }
  {
    // From here on every way leads out of the window, and a signal must not cut it short.
    const Uninterrupted finishing;
    window.free_reserve();
    const bool left_something = outcome.left_something || m_change.entry == WindowedChange::Entry::standing;
    if (outcome.failure && left_something && !take_back_what_was_left(window, *outcome.failure)) return;
    if (outcome.failure) undo(*outcome.failure);
    leave(window);
  }
  tell_end();
  if (m_after) back_up_after();
  finish_operation();
  if (m_report.result == MigrateResult::undone && m_change.after_undo) m_change.after_undo();
}

// As long as the last one of its kind took: for whoever is told to come back later.
void note_estimate(const Site& site, Operation& operation) {
  std::int64_t last = 0;
  for (const Operation& before : Operation::list_in_state(site, OperationState::done)) {
    if (before.kind() != operation.kind()) continue;
    static const nlohmann::json::json_pointer duration("/result/window/duration_ms");
    if (before.record().contains(duration)) last = before.record().at(duration).get<std::int64_t>();
  }
  if (last == 0) return;
  operation.update([last](nlohmann::json& record) {
    record["estimated_end"] = to_iso8601(Clock::now() + std::chrono::milliseconds(last));
  });
}

MaintenanceWindow Change::enter() {
  if (m_change.entry == WindowedChange::Entry::standing)
    m_workplace.progress.phase(fmt::format("going on with {} in its window", m_operation.id()));
  else
    announce_maintenance(m_workplace, m_site);
  m_operation.step("enter");
  note_announcement(m_site, m_operation);
  note_estimate(m_site, m_operation);
  if (m_change.on_failure == OnFailure::keep)
    m_operation.update([](nlohmann::json& record) { record["keep_failed"] = true; });
  MaintenanceWindow window = std::move(m_change.window);
  if (m_change.entry == WindowedChange::Entry::standing)
    window.resume(m_operation);
  else
    window.enter(m_operation, m_change.fence, m_workplace.progress);
  m_enforced = window.fence().level != FenceLevel::not_enforced;
  if (!m_enforced)
    m_workplace.progress.warning("NOT ENFORCED: " + fmt::format("{}", fmt::join(window.fence().gaps, "; ")));
  return window;
}

void Change::stay_out(const Error& error) {
  // When even putting back failed, the record stays open for `recover`.
  if (holds_window(m_operation)) {
    m_report.result = MigrateResult::needs_attention;
    m_report.error =
        Error(Kind::needs_attention, fmt::format("{}; the site stays in maintenance", error.what()),
              fmt::format("bench --site {} recover", m_site.name()));
    return;
  }
  m_report.result = MigrateResult::undone;
  m_report.error = with_next_command(error);
  end_undone(m_operation, error);
}

ChangeOutcome Change::change_it(MaintenanceWindow& window) {
  bool has_begun = false;
  try {
    if (m_change.backup.before) back_up_before();
    pause_point("change.before-apply");
    m_operation.step("apply");
    has_begun = true;
    return m_change.apply(window);
  } catch (const std::exception& exception) {
    return {.failure = to_error(exception), .left_something = has_begun};
  }
}

std::filesystem::path Change::back_up(const std::filesystem::path& folder) {
  const SameMoment same_moment = m_enforced ? SameMoment::yes : SameMoment::no;
  return take_backup(m_workplace, m_site, m_operation, folder, same_moment).manifest_file();
}

void Change::back_up_before() {
  m_workplace.progress.phase("taking the backup before the change");
  m_operation.step("backup-before");
  m_report.before = back_up(m_operation.folder());
  m_operation.update(
      [this](nlohmann::json& record) { record["backups"]["before"] = m_report.before->string(); });
  pause_point("change.backed-up-before");
}

// A server keeps the snapshot while writers are at work again. Where the fence is a connection, the snapshot
// would keep the log of writes from shrinking.
void Change::open_after_backup() {
  try {
    m_after.emplace(m_workplace, m_site, m_operation, backup_folders(m_site).front(),
                    m_enforced ? SameMoment::yes : SameMoment::no);
    pause_point("change.after-backup-open");
  } catch (const std::exception& error) {
    report_lacking_backup(error);
  }
  if (m_after && backend_of(m_site).features.fence_life == Features::FenceLife::connection) {
    back_up_after();
    m_after.reset();
  }
}

// What was committed stays: a backup that fails now is no reason to take a good change back.
void Change::report_lacking_backup(const std::exception& error) {
  m_report.error = Error(Kind::bad_backup,
                         fmt::format("the change is in, but the backup after it failed: {}", error.what()),
                         fmt::format("bench --site {} backup", m_site.name()));
}

void Change::back_up_after() {
  m_workplace.progress.phase("taking the backup after the change");
  m_operation.step("backup-after");
  try {
    m_report.after = m_after->finish().manifest_file();
    m_operation.update(
        [this](nlohmann::json& record) { record["backups"]["after"] = m_report.after->string(); });
    pause_point("change.backed-up-after");
  } catch (const std::exception& error) {
    report_lacking_backup(error);
  }
}

void Change::undo(const Error& failure) {
  m_workplace.progress.phase("undoing");
  m_operation.step("undo");
  m_report.result = MigrateResult::undone;
  m_report.error = with_next_command(failure);
  if (!is_interruption(failure)) m_report.error = m_report.error->with_kind(Kind::undone);
  constexpr std::string_view insufficient_privilege = "42501";
  const bool lacks_admin =
      failure.sqlstate() == insufficient_privilege && !database_of(m_workplace, m_site).admin;
  if (lacks_admin)
    m_report.error = m_report.error->with_hint(
        "name an account that may do this with --db-root-username, or in config/admin.json");
}

Error Change::with_next_command(const Error& failure) const {
  const bool interrupted = is_interruption(failure);
  Error error = interrupted ? failure.with_kind(interruption_kind()) : failure;
  if (!error.hint().empty()) return error;
  return error.with_hint(fmt::format("{} {}",
                                     interrupted                        ? "when there is time for it:"
                                     : failure.kind() == Kind::database ? "when the database answers:"
                                                                        : "mend that, then",
                                     m_change.next_command));
}

// A server that went away inside a statement may be on its way back.
void Change::renew_lost_connection(MaintenanceWindow& window) {
  constexpr std::chrono::seconds patience{60};
  const Stopwatch stopwatch;
  try {
    window.connection().query("SELECT 1");
  } catch (const Error&) {
    for (bool told = false;; told = true) {
      try {
        return window.replace_connection(connect_for_changes(m_workplace, m_site));
      } catch (const Error& error) {
        // The server may still run the lost connection's statement, and keeps the site's lock that long.
        const bool is_held = error.kind() == Kind::busy;
        if ((!is_held && error.kind() != Kind::database) || stopwatch.elapsed() > patience) throw;
        if (!told)
          m_workplace.progress.note(is_held ? "waiting for the statement of the lost connection to end"
                                            : "waiting for the database server to come back");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
}

bool Change::take_back_what_was_left(MaintenanceWindow& window, const Error& failure) {
  if (const auto reason = why_not_put_back(m_site, m_operation)) {
    stay(window, failure, *reason);
    return false;
  }
  try {
    renew_lost_connection(window);
    for (std::string& what :
         put_back(m_workplace, m_site, m_operation, window.connection(), OthersWrites::must_be_none))
      m_report.notes.push_back(std::move(what));
    for (PatchResult& patch : m_report.patches) patch.undo();
    return true;
  } catch (const std::exception& exception) {
    const Error error = to_error(exception);
    if (error.kind() == Kind::database || error.kind() == Kind::busy)
      wait_for_server(window, failure, error);
    else
      stay_after(window, failure, error);
    return false;
  }
}

void Change::stay_after(const MaintenanceWindow& window, const Error& failure, const Error& of_undo) {
  const bool is_refused = of_undo.kind() == Kind::needs_attention;
  std::string hint = of_undo.hint();
  if (!is_refused)
    hint = fmt::format("{}{}{}", hint, hint.empty() ? "" : "; then ", put_back_hint(m_site, m_operation));
  m_change.hint_when_it_stays = std::move(hint);
  stay(
      window, failure,
      fmt::format("{}{}", is_refused ? "" : "restoring the backup taken before it failed: ", of_undo.what()));
}

// There is nothing to decide: the record goes on saying that it is under way, and whichever command comes
// next undoes it.
void Change::wait_for_server(const MaintenanceWindow& window, const Error& failure, const Error& of_undo) {
  m_report.result = MigrateResult::needs_attention;
  m_report.window = window.so_far();
  m_report.error =
      Error(Kind::needs_attention,
            fmt::format("{}; the site stays in maintenance and what was done is not undone yet, because the "
                        "database does not answer: {}",
                        failure.what(), of_undo.what()),
            fmt::format("when it answers again, bench --site {} recover, which undoes it", m_site.name()));
}

// What the app wrote meanwhile may have been acknowledged, or nobody can tell what was written: then to
// restore a backup over it is a decision for a person.
void Change::stay(const MaintenanceWindow& window, const Error& failure, const std::string& reason) {
  m_report.result = MigrateResult::needs_attention;
  m_report.window = window.so_far();
  const std::string before =
      m_report.before ? fmt::format("; the state before is in {}", m_report.before->string()) : "";
  m_report.error =
      Error(Kind::needs_attention,
            fmt::format("{}; the site stays in maintenance and what was done is not undone, because {}{}",
                        failure.what(), reason, before),
            m_change.hint_when_it_stays);
  m_operation.finish(OperationState::needs_attention, result_record(m_report));
}

void Change::leave(MaintenanceWindow& window) {
  m_workplace.progress.phase("lifting maintenance");
  try {
    m_operation.step("lift");
    m_report.window = window.leave();
    // Where nothing was committed, who wrote behind the rollback wrote to the site as it was.
    if (m_report.result != MigrateResult::migrated) m_report.window->slipped_in = false;
    if (m_report.window->slipped_in)
      m_report.notes.emplace_back(
          "another process wrote between the commit of the patches and the backup after them; what it wrote "
          "is in that backup");
    for (const std::string& what : m_report.window->not_put_back) m_report.notes.push_back(what);
    if (site_mode(m_site.config()) != SiteMode::live) m_report.notes.push_back(told_stays(m_site));
  } catch (const std::exception& error) {
    m_report.error =
        Error(Kind::needs_attention, fmt::format("maintenance could not be lifted: {}", error.what()),
              fmt::format("bench --site {} recover", m_site.name()));
    m_report.result = MigrateResult::needs_attention;
  }
}

// Whoever reads the site's pages need not wait for a window that is over.
void Change::tell_end() {
  try {
    end_announcement(m_site);
  } catch (const std::exception& error) {
    m_report.notes.push_back(fmt::format("the announcement could not be taken back: {}", error.what()));
  }
}

void Change::finish_operation() {
  // What could not be lifted stays under way for `recover`.
  if (m_report.result == MigrateResult::needs_attention) return;
  m_operation.finish(
      m_report.result == MigrateResult::migrated ? OperationState::done : OperationState::undone,
      result_record(m_report));
}

}  // namespace

void change_in_window(const Workplace& workplace, const Site& site, Operation& operation,
                      WindowedChange change, MigrateReport& report) {
  report.operation = operation.id();
  Change(workplace, site, operation, change, report).run();
}

void check_disk_space(const Site& site) {
  const std::uint64_t needed = backend_of(site).size(settings_of(site)) + 16'777'216;
  const std::uint64_t available = std::filesystem::space(site.path()).available;
  if (available >= needed) return;
  throw Error(Kind::undone,
              fmt::format("{}: the disk has {} left, and {} may be needed; nothing was changed",
                          site.path().string(), format_bytes(available), format_bytes(needed)),
              "free some space and try again");
}

}  // namespace bench
