#include "workflow/accounts.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "operation/operation.hpp"
#include "users/password.hpp"
#include "workflow/result.hpp"

namespace bench {

void make_encryption_key(const Site& site) {
  site.edit_config([](SiteConfig& config) {
    if (config.raw("encryption_key")) return;
    // As Frappe makes it: 32 bytes in base64 for addresses.
    std::string key = to_base64(random_bytes(32));
    for (char& c : key) c = c == '+' ? '-' : c == '/' ? '_' : c;
    config.set_raw("encryption_key", nlohmann::json(key).dump());
  });
}

AccountChange set_account(const Workplace& workplace, const Site& site, User user, std::optional<Role> role,
                          const std::string& password) {
  const FileLock lock = lock_and_recover(workplace, site);
  user.password_hash = hash_password(password);
  const auto database = connect_for_changes(workplace, site);
  Operation operation = Operation::begin(site, "set-account");
  try {
    make_encryption_key(site);
    user = set_user(*database, std::move(user), role);
  } catch (const std::exception& failure) {
    end_undone(operation, failure);
    throw;
  }
  operation.finish(OperationState::done);
  return {operation.id(), std::move(user)};
}

}  // namespace bench
