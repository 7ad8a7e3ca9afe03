#pragma once

#include "database/backend.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/versioning.hpp"

namespace bench {

/// Dumps from a transaction with a consistent snapshot: InnoDB's tables are of one moment, and no writer is
/// disturbed. Tables of other engines are of the moment in which they are read. Tables with system versioning
/// come with their rows of the past, but for those that are versioned by transactions, and where the server
/// would not take such rows back.
class MariadbExporter : public Exporter {
 public:
  MariadbExporter(const ConnectionSettings& settings, const ConnectOptions& options,
                  MariadbHistory history = MariadbHistory::held);
  ContentSummary write(const ByteSink& sink, const TableSelection& selection,
                       const std::function<void(std::uint64_t, std::uint64_t)>& advance) override;
  std::uint64_t size() override;
  std::vector<std::string> restore_limits() override;

 private:
  MariadbDatabase m_database;
  MariadbHistory m_history;
};

/// Set to `begun` at the start of a dump of ours and to `complete` at its end, in the session that loads it.
inline constexpr std::string_view dump_state_variable = "@bench_dump";
/// Followed by a number: holds a value that is too long for a literal.
inline constexpr std::string_view long_value_variable = "@bench_long_value_";

/// Bytes that the tables of the connection's database take.
std::uint64_t mariadb_size(MariadbDatabase& database);

}  // namespace bench
