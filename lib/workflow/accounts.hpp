#pragma once

#include <string>

#include "users/users.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// Gives an account of the site its password, in clear in `password`, and its role; makes the account when
/// there is none. Takes the site's lock and writes a record. Answers the operation.
std::string set_account(const Workplace& workplace, const Site& site, User user, const std::string& password);

/// A site without one gets its encryption key: what its sessions are signed with must outlive the process
/// that serves it.
void make_encryption_key(const Site& site);

}  // namespace bench
