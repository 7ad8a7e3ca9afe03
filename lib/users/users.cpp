#include "users/users.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

void run(Database& database, std::string_view statement, const std::vector<Value>& parameters) {
  database.execute(statement, parameters);
}

std::optional<User> find_user_where(Database& database, std::string_view condition, const std::string& name) {
  const std::string user = quote_identifier(database.dialect(), "tabUser");
  const std::vector<Value> parameters{name};
  const auto rows = database.query(
      fmt::format("SELECT u.name, u.full_name, u.enabled, a.role, a.password_hash FROM {} u LEFT JOIN "
                  "__bench_auth a ON a.user_name = u.name WHERE {} ORDER BY u.name",
                  user, condition),
      parameters);
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  return User{.name = to_text(row[0]),
              .full_name = to_text(row[1]),
              .enabled = to_integer(row[2]) != 0,
              .role = bench::role(to_text(row[3])).value_or(Role::reader),
              .password_hash = to_text(row[4])};
}

}  // namespace

std::string_view name(Role role) {
  return role == Role::writer ? "writer" : "reader";
}

std::optional<Role> role(std::string_view text) {
  for (const Role one : {Role::reader, Role::writer})
    if (name(one) == text) return one;
  return std::nullopt;
}

std::optional<User> find_user(Database& database, const std::string& name) {
  if (!database.has_table("__bench_auth")) return std::nullopt;
  // Every request asks by the name as it is written, which has an index. Whose name it is comes before whose
  // address it is: one account's name may stand as the address of another.
  for (const char* condition :
       {"u.name = ?", "lower(u.name) = lower(?)", "u.email = ?", "lower(u.email) = lower(?)"})
    if (auto user = find_user_where(database, condition, name)) return user;
  return std::nullopt;
}

User set_user(Database& database, User user, std::optional<Role> role) {
  if (!database.has_table("__bench_auth"))
    throw Error(Kind::configuration, "the site has no accounts yet: a patch of bench's own app is pending",
                "bench migrate");
  const std::string table = quote_identifier(database.dialect(), "tabUser");
  const std::string now = to_database_time(Clock::now());
  const std::string by(administrator);
  Transaction transaction(database);
  // Not by the e-mail address: another account may have that one, the administrator's among them.
  auto known = find_user_where(database, "u.name = ?", user.name);
  if (!known) known = find_user_where(database, "lower(u.name) = lower(?)", user.name);
  // MariaDB finds José by Jose.
  if (known && lower_case(known->name) != lower_case(user.name))
    throw Error(
        Kind::configuration,
        fmt::format("to the database the name '{}' is that of the account '{}'", user.name, known->name),
        "name that account, or choose another name");
  if (known) {
    user.name = known->name;
    user.role = role.value_or(known->role);
  } else {
    if (user.name != administrator) user.name = lower_case(user.name);
    if (user.full_name.empty()) user.full_name = user.name;
    user.role = role.value_or(Role::reader);
    run(database,
        fmt::format(
            "INSERT INTO {} (name, creation, modified, modified_by, owner, enabled, email, full_name) "
            "VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
            table),
        {user.name, now, now, by, by, user.name, user.full_name});
  }
  run(database, "DELETE FROM __bench_auth WHERE user_name = ?", {user.name});
  run(database, "INSERT INTO __bench_auth (user_name, role, password_hash, changed_at) VALUES (?, ?, ?, ?)",
      {user.name, std::string(name(user.role)), user.password_hash, now});
  transaction.commit();
  return user;
}

}  // namespace bench
