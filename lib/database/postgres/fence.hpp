#pragma once

#include <optional>
#include <set>

#include "base/time.hpp"
#include "database/fence.hpp"
#include "database/postgres/connection.hpp"
#include "database/postgres/owners.hpp"

namespace bench {

/// Takes the app account's rights to write, which acts at once and on open sessions as well, waits until the
/// transactions that wrote before have ended, and proves it. It stands when its process is gone.
///
/// NOTIFY stays open: it changes nothing that the database holds, no backup has it, and so no undo loses it.
class PostgresFence : public Fence {
 public:
  PostgresFence(const SiteDatabase& site, PostgresDatabase* run_connection)
      : m_site(site), m_run(run_connection) {}
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
  /// A connection with the admin account's own rights, which nobody interrupts.
  PostgresDatabase& admin();
  nlohmann::json take_rights(PostgresDatabase& admin, const std::function<void(const nlohmann::json&)>& save);
  /// Answers what could not be put back.
  std::vector<std::string> give_up(const nlohmann::json& saved);
  SiteDatabase m_site;
  PostgresDatabase* m_run;
  std::unique_ptr<PostgresDatabase> m_admin;
  Stopwatch m_rest;  ///< since m_admin was last asked for
  bool m_is_prepared = false;
  std::optional<std::string> m_obstacle;  ///< what `prepare` found of why_not
  std::vector<OwnedObject> m_owners;      ///< and of objects_of_others
};

}  // namespace bench
