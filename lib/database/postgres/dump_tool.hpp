#pragma once

#include <functional>
#include <string>
#include <vector>

#include "database/backend.hpp"

namespace bench {

/// The definitions that pg_dump writes of a database in a snapshot that somebody holds open.
struct PostgresSchema {
  std::string before_data;  ///< types, tables, functions, views, rights on them
  std::string after_data;   ///< indexes, constraints, triggers
};

/// `tables`: patterns for pg_dump; empty means all there is. Error{database} when there is no pg_dump, or
/// only one that is older than the server; Error{interrupted} when `options.cancelled` said so.
PostgresSchema dump_schema(const ConnectionSettings& settings, const ConnectOptions& options,
                           const std::string& snapshot, const std::vector<std::string>& tables);

/// "sha256:..." over what the definitions say, without what differs from place to place: comments, settings
/// and rights.
std::string fingerprint_of(const PostgresSchema& schema);

}  // namespace bench
