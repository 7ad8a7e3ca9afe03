#pragma once

#include <optional>
#include <string>

#include "users/users.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct AccountChange {
  std::string operation;
  User user;
};
/// Gives an account of the site its password, in clear in `password`, and its role, as `set_user` does. Takes
/// the site's lock and writes a record.
AccountChange set_account(const Workplace& workplace, const Site& site, User user, std::optional<Role> role,
                          const std::string& password);

/// A site without one gets its encryption key: what its sessions are signed with must outlive the process
/// that serves it.
void make_encryption_key(const Site& site);

}  // namespace bench
