#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "operation/operation.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct Recovered {
  std::string operation;
  std::string kind;
  OperationState
      outcome;       ///< done: its work was complete and was finished; undone: the site is as it was before
  std::string told;  ///< one sentence for the operator
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
/// The same with the lock held.
RecoverReport recover_locked_site(const Workplace& workplace, const Site& site);

}  // namespace bench
