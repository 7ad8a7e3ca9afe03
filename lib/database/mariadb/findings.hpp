#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// Why the database cannot be made to refuse the app's writes: no admin account, or one that lacks a right.
/// nullopt when it can.
std::optional<std::string> why_not_enforceable(const SiteDatabase& database);

/// The same, for what only shows when the admin account is connected.
std::optional<std::string> why_not_enforceable(const SiteDatabase& database, MariadbDatabase& server);

/// Ways by which others than the app can write behind the fence, each in a sentence: accounts with rights of
/// their own, events of others, and what another database keeps that writes to this one. Administrators of
/// the server are not among them: whatever is fenced, they may undo it. `AdminsEvents::left_out`: nor are the
/// events of the admin account, which in a window may be those of the run itself; the others were told when
/// it was entered.
enum class AdminsEvents { told, left_out };
std::vector<std::string> others_ways_to_write(const SiteDatabase& database, MariadbDatabase& server,
                                              AdminsEvents admins_events = AdminsEvents::told);

/// Names prepared XA transactions when one of them has written to this database. Only in a window: it asks
/// for a lock that waits for everybody who is writing.
std::optional<std::string> prepared_writes(const SiteDatabase& database, MariadbDatabase& server);

/// Gaps through which nobody comes who is told afterwards that his write is safe: what was half written when
/// the fence was entered, and routines of others that only those may call who can write anyway.
std::vector<std::string> gaps_without_writers(const SiteDatabase& database, MariadbDatabase& server);

/// Error{configuration} when the app account is that of other databases too: fencing one would fence them
/// all.
void refuse_shared_account(const SiteDatabase& database, MariadbDatabase& server);

/// See Exporter::restore_limits.
std::vector<std::string> mariadb_restore_limits(MariadbDatabase& database);

/// What stands against a window, each in a sentence; also what a backup does not hold.
std::vector<std::string> mariadb_preflight(const SiteDatabase& database, MariadbDatabase& server);

}  // namespace bench
