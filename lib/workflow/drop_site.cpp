#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "database/admin_account.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/new_site.hpp"
#include "workflow/result.hpp"
#include "workflow/unfinished_sites.hpp"

namespace bench {

namespace {

std::filesystem::path free_archive(const std::filesystem::path& folder, const std::string& site) {
  std::filesystem::path path = folder / site;
  for (int number = 1; std::filesystem::exists(path); ++number)
    path = folder / fmt::format("{}{}", site, number);
  return path;
}

// Before anything is moved: whether the server answers. nullopt: it does not, and the site goes all the same.
std::optional<bool> has_database(const Workplace& workplace, const Site& site,
                                 const DropSiteOptions& options) {
  try {
    return backend_of(site).has_database(database_of(workplace, site));
  } catch (const Error& error) {
    if (error.kind() != Kind::database || options.unreachable == DropSiteOptions::Unreachable::refuse) throw;
    workplace.progress.warning(error.what());
    return std::nullopt;
  }
}

[[noreturn]] void refuse_without_database(const Site& site) {
  throw Error(Kind::database,
              fmt::format("{}: there is no database {} to back up", site.name(), settings_of(site).name),
              fmt::format("bench drop-site {} --no-backup", site.name()));
}

// A rename moves it whole or not at all.
void refuse_another_disk(const Site& site, const std::filesystem::path& archive) {
  struct stat here {
  }, there{};
  if (lstat(site.path().c_str(), &here) != 0 || stat(archive.c_str(), &there) != 0) return;
  if (here.st_dev == there.st_dev) return;
  throw Error(Kind::usage,
              fmt::format("{} is on another disk than {}", archive.string(), site.path().string()),
              std::string(same_disk_hint));
}

// And whether there is an account that may drop the database.
void refuse_without_admin(const Workplace& workplace, const Site& site) {
  if (backend_of(site).has_server)
    require_admin(database_of(workplace, site), fmt::format("{}: dropping its database", site.name()));
}

}  // namespace

DropSiteReport drop_site(const Workplace& workplace, const Site& site, const DropSiteOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  const std::optional<bool> has_one = has_database(workplace, site, options);
  const bool is_reachable = has_one.has_value();
  if (is_reachable) refuse_without_admin(workplace, site);
  if (options.backup && !has_one.value_or(true)) refuse_without_database(site);
  const std::filesystem::path archive = options.archive.value_or(workplace.bench.archived_sites_folder());
  make_folders(archive);
  refuse_another_disk(site, archive);
  Operation operation = Operation::begin(site, "drop-site");
  DropSiteReport report;
  report.site = site.name();
  if (!is_reachable) report.database_left = settings_of(site).name;
  std::filesystem::path backup;
  try {
    if (options.backup && is_reachable) {
      operation.step("backup");
      backup = take_backup(workplace, site, operation, backup_folders(site).front(), SameMoment::no,
                           WithFiles::yes)
                   .manifest_file();
    }
    pause_point("drop-site.backed-up");
    report.archived = free_archive(archive, site.name());
    operation.step("archive");
  } catch (const std::exception& failure) {
    end_undone(operation, failure);
    throw;
  }
  workplace.progress.phase(fmt::format("moving the site to {}", report.archived.string()));
  try {
    if (is_reachable)
      archive_and_drop_site(workplace, site, report.archived);
    else
      archive_site(site, report.archived);
  } catch (const std::exception& failure) {
    if (std::filesystem::exists(site.path())) end_undone(operation, failure);
    throw;
  }
  const auto relative = backup.lexically_relative(site.path());
  if (!backup.empty()) report.backup = *relative.begin() == ".." ? backup : report.archived / relative;
  return report;
}

}  // namespace bench
