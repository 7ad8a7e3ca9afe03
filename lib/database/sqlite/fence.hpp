#pragma once

#include "database/fence.hpp"
#include "database/sqlite/connection.hpp"

namespace bench {

/// The run connection's write lock: writers get SQLITE_BUSY, readers go on with the state before. It falls
/// with its process, and then all that was not committed is rolled back; without a run connection there is no
/// fence.
class SqliteFence : public Fence {
 public:
  explicit SqliteFence(SqliteDatabase* run_connection) : m_run(run_connection) {}
  std::vector<std::string> preflight() override;
  FenceReport enter(const FenceOptions& options,
                    const std::function<void(const nlohmann::json&)>& save) override;
  bool slipped_in() override { return m_run != nullptr && m_run->slipped_in(); }
  std::vector<std::string> ways_to_write() override;
  std::vector<std::string> lift(const nlohmann::json& saved) override;

 private:
  SqliteDatabase* m_run;
};

}  // namespace bench
