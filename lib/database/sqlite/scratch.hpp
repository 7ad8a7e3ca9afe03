#pragma once

#include <filesystem>
#include <memory>

#include "database/backend.hpp"
#include "database/sqlite/connection.hpp"

namespace bench {

/// A scratch database file in a folder of the operation that owns it, with the live file's page size.
class SqliteScratch : public Scratch {
 public:
  SqliteScratch(const std::filesystem::path& live_file, const ConnectOptions& options,
                const std::filesystem::path& file);
  ~SqliteScratch() override;
  std::vector<LeftOut> load(const ByteSource& source, const std::function<void(std::uint64_t)>& advance,
                            Extent extent) override;
  void check() override;
  ContentSummary summarize() override;
  Database& connection() override { return *m_database; }
  void swap_in(Database& run_connection, const std::function<void()>& keep, Progress* progress) override;

 private:
  bool copy_unless_changed_since(std::int64_t version, SqliteDatabase& run, SqliteDatabase& watcher);
  std::filesystem::path m_live_file;
  std::filesystem::path m_file;
  ConnectOptions m_options;
  std::unique_ptr<SqliteDatabase> m_database;
};

/// An empty database file (0600, creation owner). Error{database} when it exists or cannot be made.
void create_sqlite_file(const std::filesystem::path& file);

}  // namespace bench
