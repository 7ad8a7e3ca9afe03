#pragma once

#include "database/splitter.hpp"

namespace bench {

/// What a statement of a patch changes, as far as its words tell.
enum class Effect {
  session,  ///< settings of the connection alone: to be run again whenever the patch goes on
  rows,     ///< can share a transaction with the note about it
  schema,   ///< where DDL commits by itself, so does this; also whatever cannot be told
};
Effect effect_of(const Statement& statement);

/// Whether the statement makes or uses what lives in one MariaDB session only: a user variable or a temporary
/// table.
bool leans_on_session(const Statement& statement);

/// Whether PostgreSQL refuses the statement inside a transaction (CREATE INDEX CONCURRENTLY), or what it
/// makes cannot be used there (a new value of an enum).
bool runs_outside_transaction(const Statement& statement);

}  // namespace bench
