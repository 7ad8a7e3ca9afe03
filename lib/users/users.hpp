#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "database/database.hpp"

namespace bench {

/// What somebody who is logged in may do.
enum class Role { reader, writer };
std::string_view name(Role role);
std::optional<Role> role(std::string_view name);

/// An account of the site: a row of `tabUser`, with what only bench may see of it in `__bench_auth`.
struct User {
  std::string name;
  std::string full_name;
  bool enabled = true;
  Role role = Role::reader;
  std::string password_hash;  ///< empty: nobody can log in
};

/// By name or e-mail address, in small or capital letters. nullopt when there is none, or when the site has
/// no accounts yet (its core app is behind).
std::optional<User> find_user(Database& database, const std::string& name);

/// Makes the account when there is none, its name in small letters as Frappe's are, and gives it the
/// password, in one transaction of its own. Without a role an account keeps its own, and a new one is a
/// reader's. Answers the account. Error{configuration} when the site has no accounts yet.
User set_user(Database& database, User user, std::optional<Role> role);

/// Shorter ones are found by guessing; they are warned of, since scripts set up test sites with them.
constexpr std::size_t shortest_safe_password = 8;

/// The first account of every site.
constexpr std::string_view administrator = "Administrator";

}  // namespace bench
