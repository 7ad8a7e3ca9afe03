#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include "database/fence.hpp"
#include "database/mariadb/connection.hpp"

namespace bench {

/// Ends every session that the user opened before the connection `newest` was, and returns when all of them
/// are gone, rolled back. Whoever logs in later has the rights of now. Answers how many were ended.
///
/// Sessions that had written something in a transaction may finish it within `options.drain_timeout`; then
/// they are ended too, or Error{busy} names them. What cancels the connection's statements ends the waiting.
int end_older_sessions(MariadbDatabase& newest, const std::string& user, const FenceOptions& options);

/// The same without waiting for anybody, and sparing some.
int end_older_sessions(MariadbDatabase& newest, const std::string& user,
                       const std::set<std::int64_t>& spared = {});

/// Returns once nobody has written to a table of the connection's database in a transaction that is still
/// open. Error{busy} names who has after `timeout`. Readers are not disturbed.
///
/// Whoever writes a table, or locks rows of it, holds its metadata lock for writing until the transaction
/// ends, and LOCK TABLES ... READ is granted on all tables at once only when nobody holds one: so there was a
/// moment without a write in flight. That nothing of the app's comes after it is not this lock's doing: the
/// app's older sessions are gone by then, and younger ones are refused before they ask for a lock. FLUSH
/// TABLES ... WITH READ LOCK waits for the same locks, but closes and reopens each table for it (300
/// tables: 1.2 s instead of 4 ms).
void wait_for_writers(MariadbDatabase& server, std::chrono::milliseconds timeout, Progress* progress);

}  // namespace bench
