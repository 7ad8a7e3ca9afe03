#pragma once

#include <chrono>
#include <string>

#include "database/fence.hpp"
#include "database/mariadb/connection.hpp"

namespace bench {

/// Ends every session that the user opened before the connection `newest` was, and returns when all of them
/// are gone, rolled back. Whoever logs in later has the rights of now. Answers how many were ended.
///
/// Sessions that had written something in a transaction may finish it within `options.drain_timeout`; then
/// they are ended too, or Error{busy} names them.
int end_older_sessions(MariadbDatabase& newest, const std::string& user, const FenceOptions& options);

/// The same without waiting for anybody.
int end_older_sessions(MariadbDatabase& newest, const std::string& user);

/// Returns once nobody has written to a table of the connection's database in a transaction that is still
/// open. Error{busy} names who has after `timeout`. Readers are not disturbed.
void wait_for_writers(MariadbDatabase& server, std::chrono::milliseconds timeout);

}  // namespace bench
