#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "database/backend.hpp"
#include "operation/operation.hpp"
#include "site/site.hpp"

namespace bench {

/// What the config says: whether the site is in maintenance, and whether reads are answered meanwhile.
enum class SiteMode { live, read_only, closed };
SiteMode site_mode(const LayeredConfig& config);
/// The mode that maintenance gives the site: read_only or closed.
SiteMode mode_in_maintenance(const LayeredConfig& config);
std::string_view name(SiteMode mode);

struct WindowReport {
  SiteMode mode = SiteMode::read_only;  ///< of the site during the window
  FenceReport fence;
  std::chrono::milliseconds duration{0};
  bool slipped_in = false;
  std::vector<std::string> not_put_back;  ///< what the lift could not restore, in sentences
};

/// The time in which a site is read-only for maintenance: maintenance_mode and pause_scheduler are 1 in the
/// site's own config and the database is fenced. Owns the run's connection (on SQLite that connection is the
/// fence) and lends it out. Only `leave` lifts; destroyed without it, the site stays fenced as far as the
/// database can (see Features::FenceLife).
class MaintenanceWindow {
 public:
  /// Nothing is entered yet. With `connection`: the fence will be around it. Without (an operator's window, a
  /// foreign migrator): it is what stands without a connection.
  MaintenanceWindow(const Site& site, SiteDatabase database, std::unique_ptr<Database> connection);

  /// What stands against entering, each a sentence (see Fence::preflight). It needs the connection.
  std::vector<std::string> preflight() { return m_fence->preflight(); }
  /// What was saved is in the operation's record ("saved") and beside it (see saved_fence) before anything
  /// changes. On an error all is put back before it is thrown. What enforces the window becomes durable with
  /// the operation's next step, which comes before anything is done in it. The operation must outlive the
  /// window.
  void enter(Operation& operation, const FenceOptions& options, Progress& progress);
  /// The window that the operation's record says stands: where a fence outlives its process.
  void resume(Operation& operation);

  Database& connection() { return *m_connection; }
  /// For a connection that is lost; the fence must outlive it.
  void replace_connection(std::unique_ptr<Database> connection);
  const FenceReport& fence() const { return m_report; }
  bool slipped_in() { return m_fence->slipped_in(); }
  /// Of a window that stays.
  WindowReport so_far() const;

  /// Gives the disk back what was kept free for putting the site back: call it before that begins.
  void free_reserve() const;
  /// Lifts the fence and puts the config values back, each only if it is still ours.
  WindowReport leave();

 private:
  void note_fence();

  const Site* m_site;
  SiteDatabase m_database;
  Operation* m_operation = nullptr;
  std::unique_ptr<Database> m_connection;
  std::unique_ptr<Fence> m_fence;
  FenceReport m_report;
  Stopwatch m_stopwatch;
};

/// Lifts what an operation's record says was saved, from another process than the one that entered: fence
/// first, then the config values. May be called again. Answers what could not be put back.
std::vector<std::string> lift_saved_window(const Site& site, const SiteDatabase& database,
                                           Operation& operation);

/// The inverses of what the fence of the operation's window changed, in the order they were saved, as
/// Fence::lift takes them: `operations/<id>.fence.json`, until the window is left. nullopt when that is gone
/// although there was one; Error{configuration} when it is damaged.
std::optional<nlohmann::json> saved_fence(const Operation& operation);

/// Whether the operation entered a window that nobody has left.
bool holds_window(const Operation& operation);

/// Gives the config's window keys the values that `saved` (of an operation's record) holds, each only if it
/// is still ours.
void config_before_window(SiteConfig& config, const nlohmann::json& saved);

}  // namespace bench
