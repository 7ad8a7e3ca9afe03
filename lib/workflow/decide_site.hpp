#pragma once

#include "workflow/migrate_site.hpp"
#include "workflow/recover_site.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Error{needs_attention} while something that was interrupted, that waits for a person, or that was opened
/// half done has to be settled before a migrate begins. Changes nothing; asks the database, whose errors
/// pass.
void refuse_what_is_not_settled(const Site& site);
/// A person's word on the operation of the site that needs attention, after a look at it. Error{usage} when
/// there is none, or not of the kind. The first restores the backup taken before it and lifts its window; the
/// second goes on with a migrate where it stopped.
RecoverReport restore_before(const Workplace& workplace, const Site& site);
/// What to do with a statement of which nobody knows whether it took effect.
enum class Doubt { run_again, took_effect };
MigrateReport resume_site(const Workplace& workplace, const Site& site, Doubt doubt);

}  // namespace bench
