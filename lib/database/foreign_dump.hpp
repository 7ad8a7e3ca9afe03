#pragma once

#include <string_view>

#include "database/dialect.hpp"

namespace bench {

/// Error{bad_backup} when the first kilobytes of a dump say that another database's tool made it.
void refuse_foreign_dump(std::string_view beginning, Dialect own);

}  // namespace bench
