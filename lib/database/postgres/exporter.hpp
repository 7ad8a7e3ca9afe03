#pragma once

#include "database/backend.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

/// Dumps from one REPEATABLE READ transaction: definitions by pg_dump in the same snapshot, rows by COPY, so
/// that what is written is also what is counted and hashed.
class PostgresExporter : public Exporter {
 public:
  PostgresExporter(const ConnectionSettings& settings, const ConnectOptions& options);
  ContentSummary write(const ByteSink& sink, const TableSelection& selection,
                       const std::function<void(std::uint64_t, std::uint64_t)>& advance) override;
  std::uint64_t size() override;
  std::vector<std::string> restore_limits() override;

 private:
  PostgresDatabase m_database;
  std::string m_snapshot;
};

}  // namespace bench
