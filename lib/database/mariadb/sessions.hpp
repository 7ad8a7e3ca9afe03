#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// One session of the server, as its process list shows it.
struct MariadbSession {
  std::int64_t id = 0;
  std::string user;
  std::string host;
  std::int64_t seconds = 0;  ///< since its transaction began, else in its present state
  std::string statement;     ///< empty: none
};

/// "session 12 of shop@localhost, 35 s, in: UPDATE ..."
std::string describe(const MariadbSession& session);
std::string describe(const std::vector<MariadbSession>& sessions);

/// Who may hold the locks that a statement on this database waits for: exactly, where the server has the
/// plugin metadata_lock_info, else all sessions of the database that are in a transaction or a statement.
/// Needs the right PROCESS to see more than one's own.
std::vector<MariadbSession> lock_holders(MariadbDatabase& database);

/// Ids of the server's prepared XA transactions, as XA COMMIT and XA ROLLBACK take them. Of which database
/// one is, the server does not tell, and no session shows the locks that it holds.
std::vector<std::string> prepared_transactions(MariadbDatabase& server);

/// Ids of the sessions that have written or locked rows in a transaction that is still open, at this moment:
/// from SHOW ENGINE INNODB STATUS, since INNODB_TRX answers from a copy that may be older than a statement.
std::set<std::int64_t> writing_sessions(MariadbDatabase& server);

}  // namespace bench
