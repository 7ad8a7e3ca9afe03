#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/new_site.hpp"

namespace bench {

namespace {

std::filesystem::path free_archive(const std::filesystem::path& folder, const std::string& site) {
  std::filesystem::path path = folder / site;
  for (int number = 1; std::filesystem::exists(path); ++number)
    path = folder / fmt::format("{}{}", site, number);
  return path;
}

// A site under archived/ must hold no window: whoever moves it back wants it as it was.
void move_site(const Site& site, const std::filesystem::path& target) {
  std::error_code error;
  std::filesystem::rename(site.path(), target, error);
  if (error)
    throw Error(
        Kind::undone,
        fmt::format("{} cannot be moved to {}: {}", site.path().string(), target.string(), error.message()),
        "give --archived-sites-path a folder on the same disk");
  sync_folder(target.parent_path());
  sync_folder(site.path().parent_path());
}

}  // namespace

DropSiteReport drop_site(const Workplace& workplace, const Site& site, const DropSiteOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  const std::filesystem::path archive = options.archive.value_or(workplace.bench.archived_sites_folder());
  make_folders(archive);
  Operation operation = Operation::begin(site, "drop-site");
  DropSiteReport report;
  report.site = site.name();
  std::filesystem::path backup;
  try {
    if (options.backup) {
      operation.step("backup");
      backup = take_backup(workplace, site, operation, backup_folders(site).front(), SameMoment::no,
                           WithFiles::yes)
                   .manifest_file();
    }
    pause_point("drop-site.backed-up");
    report.archived = free_archive(archive, site.name());
    operation.finish(OperationState::done, {{"archived", report.archived.string()}});
  } catch (...) {
    operation.finish(OperationState::undone);
    throw;
  }
  workplace.progress.phase(fmt::format("moving the site to {}", report.archived.string()));
  move_site(site, report.archived);
  const auto relative = backup.lexically_relative(site.path());
  if (options.backup) report.backup = *relative.begin() == ".." ? backup : report.archived / relative;
  return report;
}

}  // namespace bench
