#pragma once

#include "database/backend.hpp"
#include "database/sqlite/connection.hpp"

namespace bench {

/// Dumps from a read transaction: in WAL mode a consistent snapshot that disturbs no writer, also while the
/// run connection holds the fence.
class SqliteExporter : public Exporter {
 public:
  SqliteExporter(const std::filesystem::path& file, const ConnectOptions& options);
  ContentSummary write(const ByteSink& sink, const TableSelection& selection,
                       const std::function<void(std::uint64_t, std::uint64_t)>& advance) override;
  std::uint64_t size() override;

 private:
  SqliteDatabase m_database;
};

}  // namespace bench
