#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "operation/operation.hpp"
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

/// recover_site with the lock held.
RecoverReport recover_locked_site(const Workplace& workplace, const Site& site);

/// Operations that need attention and hold the site's window; the newest is the last.
std::vector<Operation> waiting_for_a_person(const Site& site);
/// Removes what the operation's scratch database left behind, and brings a swap that was cut off to its end.
void finish_scratch(const Workplace& workplace, const Site& site, const Operation& operation);
/// Lifts the window that the operation's record tells of; `notes` get what could not be put back.
void lift_window_of(const Workplace& workplace, const Site& site, Operation& operation,
                    std::vector<std::string>& notes);

}  // namespace bench
