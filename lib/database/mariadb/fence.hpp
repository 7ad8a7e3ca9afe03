#pragma once

#include <cstdint>
#include <functional>

#include "base/time.hpp"
#include "database/backend.hpp"
#include "database/fence.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/program_rights.hpp"

namespace bench {

/// Revokes what lets the app account write, and ends its sessions, which would keep their rights. It outlives
/// its process: only `lift` grants the rights back.
///
/// Who may read may also lock rows (SELECT ... FOR UPDATE). That writes nothing, so it is no gap, but it can
/// hold a patch up: Database::execute_patiently names who does.
class MariadbFence : public Fence {
 public:
  /// What cancels the statements of `run_connection` ends the waiting for writers too; nullptr: nothing does.
  MariadbFence(const SiteDatabase& database, Database* run_connection);
  std::vector<std::string> preflight() override;
  void prepare() override;
  FenceReport enter(const FenceOptions& options,
                    const std::function<void(const nlohmann::json&)>& save) override;
  bool slipped_in() override { return false; }
  std::vector<std::string> ways_to_write() override;
  std::vector<std::string> lift(const nlohmann::json& saved) override;
  std::vector<std::string> restore_rights(const nlohmann::json& saved) override;
  std::optional<std::string> lost_rights() override;
  void give_usual_rights() override;

 private:
  /// Why the database cannot enforce it; nullopt when it can.
  std::optional<std::string> why_not();
  /// Ends the sessions that kept their rights, waits for writers, proves that the app is none, and finds who
  /// is.
  void close(MariadbDatabase& server, const FenceOptions& options, FenceReport& report);
  void add_gaps(MariadbDatabase& server, FenceReport& report) const;
  /// `last_before_it` is the id of the newest session that was there before any right was gone. Answers what
  /// could not be put back.
  std::vector<std::string> give_up(std::int64_t last_before_it, const nlohmann::json& saved);
  std::vector<std::string> what_the_app_may(MariadbDatabase& server) const;
  bool app_can_make_a_table() const;
  /// Gives the site the events that were made in the window. Answers which it could not. It leaves the
  /// session with settings of its own.
  std::vector<std::string> settle_events(MariadbDatabase& server, const nlohmann::json& saved) const;

  MariadbDatabase& admin();
  SiteDatabase m_database;
  MariadbDatabase* m_run;
  std::unique_ptr<MariadbDatabase> m_admin;
  Stopwatch m_rest;  ///< since m_admin was last asked for
  bool m_is_prepared = false;
  std::optional<std::string> m_obstacle;  ///< what `prepare` found of why_not
  MariadbProgramRights m_programs;        ///< what it found of the database's
  std::function<bool()> m_cancelled;
};

}  // namespace bench
