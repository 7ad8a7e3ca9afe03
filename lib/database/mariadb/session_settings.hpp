#pragma once

#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// What a session's statements mean in it: sql_mode, time zone, character set and collation, and whether keys
/// are checked. Read from one, to be given back to it or to another.
class MariadbSessionSettings {
 public:
  explicit MariadbSessionSettings(MariadbDatabase& database);
  void apply(MariadbDatabase& database) const;

 private:
  std::vector<Value> m_values;
};

}  // namespace bench
