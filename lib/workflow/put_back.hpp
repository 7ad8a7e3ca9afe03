#pragma once

#include <optional>
#include <string>
#include <vector>

#include "operation/operation.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Why the backup that an operation took before its change must not be restored over the site, in words that
/// follow "because"; nullopt when it may. The operation's record knows: whether there is one, whether the
/// database enforces the fence, and whether the operator wants the failed state kept.
std::optional<std::string> why_not_put_back(const Site& site, const Operation& operation);

/// Makes the database what it was before the operation's change: the before-backup is proven, loaded into a
/// scratch database, compared with its manifest, and swapped in. Inside the operation's window, on its
/// connection. May be called again after it was cut off.
///
/// What others wrote meanwhile is lost thereby. `must_be_none`: Error{needs_attention} names the ways by
/// which somebody may have written, those of when the window was entered and those of now; it is asked before
/// anything is done, and again when all is ready. `given_up`: a person decided that; what is
/// there is kept as a set in the operation's folder, if it can be read, and "replaced" among the record's
/// backups lists it.
/// What the backup lacks is lost too: `must_be_none` then is Error{needs_attention}. Answers what is not as
/// it was, in sentences.
enum class OthersWrites { must_be_none, given_up };
std::vector<std::string> put_back(const Workplace& workplace, const Site& site, Operation& operation,
                                  Database& run_connection, OthersWrites others_writes);
/// Its last part, for one that was cut off behind its swap: what a swap keeps of rights are those that the
/// failed run left. May be called again, and before the swap it changes nothing for good.
std::vector<std::string> put_rights_back(const Workplace& workplace, const Site& site,
                                         const Operation& operation);
/// "the site is as it was", but for these.
std::string as_it_was(const std::vector<std::string>& but_for);
/// What a person is to type who knows what was written meanwhile: with patches there are two ways.
std::string put_back_hint(const Site& site, const Operation& operation);

enum class OnFailure { undo, keep };

}  // namespace bench
