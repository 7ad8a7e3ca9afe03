#pragma once

#include <string>

#include "database/backend.hpp"

namespace bench {

/// Gives the database `scratch` the name, settings and rights of the site's, in one transaction, and that one
/// the name `replaced`. All sessions in both are ended. What roles may do with an object of a name they may
/// do with the one of that name in the new database; what has no namesake gets the usual rights as they are
/// now.
void swap_postgres_database(const SiteDatabase& site, const std::string& scratch,
                            const std::string& replaced);

}  // namespace bench
