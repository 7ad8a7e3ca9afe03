#include <algorithm>

#include "command.hpp"

namespace bench::cli {

Run declare_init(CLI::App& app);
Run declare_new_site(CLI::App& app);
Run declare_drop_site(CLI::App& app);
Run declare_list_sites(CLI::App& app);
Run declare_use(CLI::App& app);
Run declare_install_app(CLI::App& app);
Run declare_list_apps(CLI::App& app);
Run declare_db_console(CLI::App& app);
Run declare_migrate(CLI::App& app);
Run declare_patches(CLI::App& app);
Run declare_run_patch(CLI::App& app);
Run declare_mark_applied(CLI::App& app);
Run declare_run_in_maintenance(CLI::App& app);
Run declare_ready_for_migration(CLI::App& app);
Run declare_backup(CLI::App& app);
Run declare_list_backups(CLI::App& app);
Run declare_verify_backup(CLI::App& app);
Run declare_restore(CLI::App& app);
Run declare_set_config(CLI::App& app);
Run declare_get_config(CLI::App& app);
Run declare_show_config(CLI::App& app);
Run declare_set_maintenance_mode(CLI::App& app);
Run declare_maintenance_status(CLI::App& app);
Run declare_scheduler(CLI::App& app);
Run declare_operations(CLI::App& app);
Run declare_recover(CLI::App& app);
Run declare_serve(CLI::App& app);
Run declare_set_admin_password(CLI::App& app);
Run declare_add_user(CLI::App& app);
Run declare_announce_maintenance(CLI::App& app);

const std::vector<Command>& commands() {
  using enum Group;
  using enum Runs;
  const std::vector<std::string_view> shells{"mariadb", "postgres", "sqlite"}, frappes_name{"bypass-patch"};
  static const std::vector<Command> table = {
      {"init", sites, reading, "make a new bench folder", declare_init},
      {"new-site", sites, operation, "make a site", declare_new_site},
      {"drop-site", sites, operation, "back a site up and move it to the archive", declare_drop_site},
      {"list-sites", sites, reading, "name, database, mode, last backup and pending patches of each site",
       declare_list_sites},
      {"use", sites, reading, "choose the site that commands take when none is named", declare_use},
      {"install-app", sites, operation, "add apps to a site; migrate applies their patches",
       declare_install_app},
      {"list-apps", sites, reading, "the apps of a site", declare_list_apps},
      {"db-console", sites, reading, "open the database's own shell; what stands behind -- goes to it",
       declare_db_console, Tail::foreign_command, shells},

      {"migrate", migration, operation, "apply pending patches while the site stays readable",
       declare_migrate},
      {"patches", migration, reading, "all patches of a site and their state", declare_patches},
      {"run-patch", migration, operation, "apply one patch", declare_run_patch},
      {"mark-applied", migration, operation, "log patches as applied without running them",
       declare_mark_applied, Tail::arguments, frappes_name},
      {"run-in-maintenance", migration, operation,
       "run another migrator with the window, backups and undo of migrate", declare_run_in_maintenance,
       Tail::foreign_command},
      {"ready-for-migration", migration, reading,
       "whether no operation holds the site (exit 5 when one does) or stopped half-way (exit 8)",
       declare_ready_for_migration},

      {"backup", backups, operation, "take a verified backup set", declare_backup},
      {"list-backups", backups, reading, "the backup sets of a site", declare_list_backups},
      {"verify-backup", backups, operation, "prove that a backup set is good", declare_verify_backup},
      {"restore", backups, operation, "replace a site's database, and files, by a proven backup",
       declare_restore},

      {"set-config", configuration, reading, "set or delete a configuration key", declare_set_config},
      {"get-config", configuration, reading, "the value of one key as the site sees it (exit 9 when not set)",
       declare_get_config},
      {"show-config", configuration, reading, "all keys as the site sees them", declare_show_config},

      {"set-maintenance-mode", maintenance, operation, "open or end a maintenance window by hand",
       declare_set_maintenance_mode},
      {"maintenance-status", maintenance, reading, "whether a site is in maintenance (exit 3 when it is)",
       declare_maintenance_status},
      {"scheduler", maintenance, operation, "pause or resume a site's background jobs", declare_scheduler},
      {"operations", maintenance, reading, "what was done to a site, and how it ended", declare_operations},
      {"recover", maintenance, operation, "bring what was interrupted to a good end", declare_recover},

      {"serve", web, reading, "serve the sites: website, Desk and REST", declare_serve},
      {"set-admin-password", web, operation, "give Administrator a password", declare_set_admin_password},
      {"announce-maintenance", web, reading, "show a window that is planned on the site's pages",
       declare_announce_maintenance},
      {"add-user", web, operation, "let somebody log in, to read or to change", declare_add_user},
  };
  return table;
}

const Command* find_command(std::string_view name) {
  const auto& table = commands();
  const auto found = std::find_if(table.begin(), table.end(), [&](const Command& command) {
    return command.name == name || std::ranges::find(command.aliases, name) != command.aliases.end();
  });
  return found == table.end() ? nullptr : &*found;
}

std::string_view name(Group group) {
  switch (group) {
    case Group::sites:
      return "sites";
    case Group::migration:
      return "migration";
    case Group::backups:
      return "backups";
    case Group::configuration:
      return "configuration";
    case Group::maintenance:
      return "maintenance";
    case Group::web:
      return "web";
  }
  return "";
}

}  // namespace bench::cli
