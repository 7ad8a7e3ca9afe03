#include "workflow/unfinished_sites.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"

namespace bench {

namespace {

// Holds the archived folder's path.
constexpr std::string_view drop_suffix = ".drops";
constexpr std::string_view replaces_suffix = ".replaces";

void drop_server_database(const Workplace& workplace, const Site& site) {
  if (backend_of(site).has_server) backend_of(site).drop_database(database_of(workplace, site));
}

// The record moves with its site.
void finish_record(const Site& archived) {
  for (Operation& operation : Operation::list_in_state(archived, OperationState::running))
    operation.finish(OperationState::done, {{"archived", archived.path().string()}});
}

// A folder in which nobody holds the lock was left by a process that is gone.
std::optional<UnfinishedSite> finish_site(const Workplace& workplace, const std::filesystem::path& folder) {
  const auto lock = FileLock::try_acquire(Site(workplace.bench.path(), folder).operation_lock());
  if (!lock) return std::nullopt;
  const std::string name = folder.filename().string();
  const std::filesystem::path target = workplace.bench.sites_folder() / name;
  if (std::filesystem::exists(replacement_mark(folder)) && !std::filesystem::exists(target)) {
    publish_site(folder, target);
    return UnfinishedSite{
        name, "making this site was interrupted; it was whole, and took the place of the old one", {}};
  }
  if (std::filesystem::exists(database_mark(folder)))
    drop_server_database(workplace, Site(workplace.bench.path(), folder));
  remove_tree(folder);
  remove_tree(replacement_mark(folder));
  return UnfinishedSite{name, "making this site was interrupted; what there was of it is removed", {}};
}

std::optional<UnfinishedSite> finish_drop(const Workplace& workplace, const std::filesystem::path& mark) {
  const std::filesystem::path archived = read_file(mark);
  const Site live(workplace.bench.path(), workplace.bench.sites_folder() / mark.stem());
  for (const auto& lock : {live.operation_lock(), Site(workplace.bench.path(), archived).operation_lock()})
    if (FileLock::is_held(lock)) return std::nullopt;
  const bool was_moved = std::filesystem::exists(archived / "site_config.json");
  const Site site(workplace.bench.path(), archived);
  if (was_moved) {
    drop_server_database(workplace, site);
    finish_record(site);
  }
  remove_tree(mark);
  if (!was_moved) return std::nullopt;
  return UnfinishedSite{
      mark.stem().string(),
      fmt::format("dropping this site was interrupted; it lies in {}, {}", archived.string(),
                  backend_of(site).has_server ? "and its database is dropped" : "with its database"),
      {}};
}

// Of a half-made site's folder, or of a mark beside it.
std::string name_of(const std::filesystem::path& entry) {
  const bool is_mark = entry.extension() == drop_suffix || entry.extension() == replaces_suffix;
  return is_mark ? entry.stem().string() : entry.filename().string();
}

std::optional<UnfinishedSite> finish_entry(const Workplace& workplace, const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return finish_site(workplace, path);
  if (path.extension() == drop_suffix) return finish_drop(workplace, path);
  // A mark whose site was published just before the kill.
  if (!std::filesystem::exists(path.parent_path() / path.stem())) remove_tree(path);
  return std::nullopt;
}

}  // namespace

std::filesystem::path replacement_mark(const std::filesystem::path& unfinished) {
  return fmt::format("{}{}", unfinished.string(), replaces_suffix);
}

std::filesystem::path database_mark(const std::filesystem::path& unfinished) {
  return unfinished / ".database";
}

void publish_site(const std::filesystem::path& unfinished, const std::filesystem::path& target) {
  std::filesystem::rename(unfinished, target);
  sync_folder(target.parent_path());
  remove_tree(database_mark(target));
  remove_tree(replacement_mark(unfinished));
}

void archive_site(const Site& site, const std::filesystem::path& archived) {
  std::error_code error;
  std::filesystem::rename(site.path(), archived, error);
  if (error)
    throw Error(
        Kind::undone,
        fmt::format("{} cannot be moved to {}: {}", site.path().string(), archived.string(), error.message()),
        std::string(same_disk_hint));
  sync_folder(archived.parent_path());
  sync_folder(site.path().parent_path());
  finish_record(Site(site.bench(), archived));
}

void archive_and_drop_site(const Workplace& workplace, const Site& site,
                           const std::filesystem::path& archived) {
  const std::filesystem::path marks = workplace.bench.unfinished_sites_folder();
  const std::filesystem::path mark = marks / fmt::format("{}{}", site.name(), drop_suffix);
  make_folders(marks);
  write_file_atomically(mark, archived.string());
  pause_point("drop-site.marked");
  try {
    archive_site(site, archived);
  } catch (...) {
    if (std::filesystem::exists(site.path())) remove_tree(mark);
    throw;
  }
  pause_point("drop-site.archived");
  drop_server_database(workplace, Site(workplace.bench.path(), archived));
  remove_tree(mark);
  std::error_code not_empty;
  std::filesystem::remove(marks, not_empty);
}

std::vector<UnfinishedSite> finish_unfinished_sites(const Workplace& workplace,
                                                    const std::optional<std::string>& only) {
  const std::filesystem::path folder = workplace.bench.unfinished_sites_folder();
  std::vector<std::filesystem::path> left;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none))
    if (!only || name_of(entry.path()) == *only) left.push_back(entry.path());
  std::vector<UnfinishedSite> finished;
  for (const auto& path : left) {
    try {
      if (auto site = finish_entry(workplace, path)) finished.push_back(std::move(*site));
    } catch (const Error& error) {
      // One whose server is away must not keep the others from their end.
      finished.push_back({name_of(path), error.what(), error});
    }
  }
  std::filesystem::remove(folder, none);
  std::ranges::sort(finished, {}, &UnfinishedSite::name);
  return finished;
}

}  // namespace bench
