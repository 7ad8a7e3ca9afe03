#include <fmt/format.h>

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
  std::string role = "writer";
  std::optional<std::chrono::milliseconds> wait;
};

void run(Context& context, const AccountFlags& flags) {
  warn_of_exposed(context.printer(), "the password as an argument", flags.password);
  const std::string password = flags.password_file ? password_in_file(*flags.password_file)
                               : flags.password    ? *flags.password
                                                   : ask_new_password(context, flags.name, "--password-file");
  check_new_password(context, password);
  context.for_each_site([&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    const User user{.name = flags.name,
                    .full_name = flags.full_name.value_or(flags.name),
                    .role = role(flags.role).value_or(Role::reader),
                    .password_hash = {}};
    Outcome outcome;
    outcome.result = {{"operation", set_account(workplace, site, user, password)},
                      {"user", flags.name},
                      {"role", flags.role}};
    outcome.text =
        fmt::format("{}: {} may {} with the new password; sessions begun with another one have ended\n",
                    site.name(), flags.name, flags.role == "writer" ? "read and change" : "read");
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
  flags->role = "reader";
  add_argument(app, "USER", flags->name,
               "the e-mail address they log in with; one who exists gets a new password and role");
  add_choice(app, "--role", flags->role, {"reader", "writer"}, "what they may do (reader)");
  add_text(app, "--full-name", flags->full_name, "else the address", "NAME");
  declare_password(app, *flags);
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
