#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/splitter.hpp"

namespace bench {

/// Why a statement must not stand in a patch, with what to do about it.
struct Refusal {
  int line;
  std::string reason;
  std::string hint;
};

/// Drops the one BEGIN ... COMMIT that may stand around a whole patch: the run has its own transaction.
void drop_surrounding_transaction(std::vector<Statement>& statements);

/// The first statement that would end the run's transaction, cannot run inside one, leaves the database, or
/// is a command of the database's shell.
std::optional<Refusal> find_refusal(const std::vector<Statement>& statements, Dialect dialect);

}  // namespace bench
