#pragma once

#include "database/fence.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

/// Waits until every transaction that held a lock for writing when it was called has ended, ends them when
/// the options say so, and then holds each table for a moment in a lock that no writer passes. Answers how
/// many sessions were ended. Error{busy} names those that did not end. `run`, where there is one, does not
/// count as a writer; Error{interrupted} when its options say that it is cancelled.
int drain_writers(PostgresDatabase& admin, const FenceOptions& options, const PostgresDatabase* run);

/// Asks what drain_writers will ask, which takes a session longer the first time.
void prepare_to_drain(PostgresDatabase& admin);

/// Transactions that were prepared and can be committed by anybody at any time, as "'gid' of owner".
std::vector<std::string> prepared_transactions(PostgresDatabase& database);

}  // namespace bench
