#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret_file.hpp"
#include "database/backend.hpp"

namespace bench {

/// How PostgreSQL's own programs are told where to connect and as whom: no secret is in argv or environment.
struct PostgresClient {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  SecretFile password;  ///< https://www.postgresql.org/docs/15/libpq-pgpass.html
};
PostgresClient postgres_client(const ConnectionSettings& settings);

}  // namespace bench
