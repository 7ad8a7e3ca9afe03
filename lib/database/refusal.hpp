#pragma once

#include "base/error.hpp"

namespace bench {

/// Whether the database refused a statement because the account has no right to it. Asked of its codes: the
/// words are in the language of the server.
bool lacks_right(const Error& error);

/// The same, or because nothing may be written there: the transaction, the server or the file is read-only.
bool is_refused_write(const Error& error);

}  // namespace bench
