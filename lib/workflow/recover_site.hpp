#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "operation/operation.hpp"
#include "workflow/migrate_site.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct Recovered {
  enum class Found { interrupted, waiting_for_a_person } found;
  std::string operation;
  std::string kind;
  OperationState
      outcome;       ///< done: its work was complete and was finished; undone: the site is as it was before
  std::string told;  ///< one sentence for the operator
  std::string hint;  ///< what a person is to type, where it needs one
};

struct RecoverReport {
  std::string site;
  std::vector<Recovered> operations;
  std::vector<std::string> notes;
};

/// Error{needs_attention} when one of the operations could not be brought to an end without a person.
std::optional<Error> attention_needed(const RecoverReport& report);

/// Brings to an end what was interrupted on the site. Takes the site's lock.
RecoverReport recover_site(const Workplace& workplace, const Site& site);

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
/// recover_site with the lock held.
RecoverReport recover_locked_site(const Workplace& workplace, const Site& site);

}  // namespace bench
