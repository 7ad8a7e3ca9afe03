#pragma once

#include "database/backend.hpp"
#include "database/fence.hpp"

namespace bench {

/// Revokes what lets the app account write, and ends its sessions, which would keep their rights. It outlives
/// its process: only `lift` grants the rights back.
class MariadbFence : public Fence {
 public:
  explicit MariadbFence(const SiteDatabase& database) : m_database(database) {}
  FenceReport enter(const FenceOptions& options,
                    const std::function<void(const nlohmann::json&)>& save) override;
  bool slipped_in() override { return false; }
  std::vector<std::string> lift(const nlohmann::json& saved) override;

 private:
  void close(const FenceOptions& options, FenceReport& report);
  void prove_as_app();

  SiteDatabase m_database;
};

}  // namespace bench
