#include <fmt/format.h>

#include "base/text.hpp"
#include "context.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "server_options.hpp"
#include "workflow/accounts.hpp"

namespace bench::cli {

namespace {

struct AccountFlags {
  std::optional<std::string> password, password_file, full_name;
  std::string name{administrator};
  std::string role;
  std::optional<std::chrono::milliseconds> wait;
};

bool is_administrator(const AccountFlags& flags) {
  return lower_case(flags.name) == lower_case(administrator);
}

// Frappe's own two accounts: one may always do everything, and the other is whoever has not logged in.
void refuse_frappes_own(const AccountFlags& flags) {
  if (lower_case(flags.name) == "guest")
    throw Error(Kind::usage, "Guest is whoever has not logged in, and has no password",
                "name the e-mail address of a person");
  if (is_administrator(flags) && flags.role == "reader")
    throw Error(Kind::usage, "Administrator may always read and change", "leave --role out");
}

void run(Context& context, const AccountFlags& flags) {
  refuse_frappes_own(flags);
  warn_of_exposed(context.printer(), "the password as an argument", flags.password);
  const std::string password = flags.password_file ? password_in_file(*flags.password_file)
                               : flags.password    ? *flags.password
                                                   : ask_new_password(context, flags.name, "--password-file");
  check_new_password(context, password);
  context.for_each_site([&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    const auto [operation, user] =
        set_account(workplace, site,
                    {.name = is_administrator(flags) ? std::string(administrator) : flags.name,
                     .full_name = flags.full_name.value_or("")},
                    is_administrator(flags) ? Role::writer : role(flags.role), password);
    Outcome outcome;
    outcome.result = {{"operation", operation}, {"user", user.name}, {"role", name(user.role)}};
    outcome.text =
        fmt::format("{}: {} may {} with the new password; sessions begun with another one have ended\n",
                    site.name(), user.name, user.role == Role::writer ? "read and change" : "read");
    return outcome;
  });
}

void declare_password(CLI::App& app, AccountFlags& flags) {
  add_text(app, "--password-file", flags.password_file,
           "a file that holds the password; - is stdin; else you are asked", "FILE");
  add_wait_option(app, flags.wait, "not at all");
}

}  // namespace

Run declare_set_admin_password(CLI::App& app) {
  examples(app, {"bench --site develop set-admin-password",
                 "bench --site all set-admin-password --password-file secret"});
  auto flags = std::make_shared<AccountFlags>();
  add_text(app, "PASSWORD", flags->password,
           "the password itself; EXPOSED: others on this machine can read it while bench runs");
  declare_password(app, *flags);
  return [flags](Context& context) { run(context, *flags); };
}

Run declare_add_user(CLI::App& app) {
  examples(app, {"bench --site develop add-user ada@example.org --role reader"});
  auto flags = std::make_shared<AccountFlags>();
  add_argument(app, "USER", flags->name,
               "the e-mail address they log in with; one who exists gets a new password");
  add_choice(app, "--role", flags->role, {"reader", "writer"},
             "what they may do; else what they might before, and reader of somebody new");
  add_text(app, "--full-name", flags->full_name, "else the address", "NAME");
  declare_password(app, *flags);
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
