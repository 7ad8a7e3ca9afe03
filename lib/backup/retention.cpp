#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <system_error>

#include "backup/backup_set.hpp"
#include "backup/create.hpp"
#include "backup/set_names.hpp"
#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "base/time.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

/// `.<set>-manifest.json.<pid>.<n>.bench-tmp`, see AtomicFile.
bool is_temporary_manifest(const std::string& name) {
  return name.starts_with('.') && name.ends_with(".bench-tmp") &&
         name.find(std::string(manifest_suffix) + ".") != std::string::npos;
}

/// Only what lies beside the manifest: a file with a path of its own may be another set's by now.
std::vector<fs::path> own_files(const fs::path& folder, const Manifest& manifest) {
  std::vector<fs::path> paths;
  for (const FileFacts& file : manifest.files)
    if (file.name.find('/') == std::string::npos) paths.push_back(folder / file.name);
  return paths;
}

void remove_files_of(const fs::path& temporary_manifest) {
  const auto text = read_file_if_exists(temporary_manifest);
  if (!text) return;
  try {
    for (const fs::path& path :
         own_files(temporary_manifest.parent_path(), manifest_from_json(*text, temporary_manifest)))
      remove_tree(path);
  } catch (const Error& error) {
    // A manifest that is not whole was cut off before any file of its set had got its name.
    if (error.kind() != Kind::bad_backup) throw;
  }
}

/// From here on it is no set any more, and a kill leaves what `remove_interrupted_sets` finishes.
fs::path hide_manifest(const fs::path& manifest) {
  fs::path hidden =
      manifest.parent_path() / fmt::format(".{}.{}.0.bench-tmp", manifest.filename().string(), ::getpid());
  fs::rename(manifest, hidden);
  sync_folder(manifest.parent_path());
  return hidden;
}

/// What a set can bring back; part of a database does not stand for the whole.
std::set<std::string> holdings(const BackupSet& set) {
  std::set<std::string> roles;
  for (const FileFacts& file : set.manifest().files) {
    const bool is_database = file.role == "database";
    // A site's database holds tables.
    if (is_database && set.manifest().content.tables.empty()) continue;
    roles.insert(is_database && set.manifest().partial ? "part of the database" : file.role);
  }
  return roles;
}

bool is_older_than(const BackupSet& set, std::int64_t hours) {
  const auto created = from_iso8601(set.manifest().created);
  if (!created) return false;
  return std::chrono::floor<std::chrono::hours>(Clock::now() - *created).count() >= hours;
}

}  // namespace

void remove_interrupted_sets(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (!is_temporary_manifest(entry->path().filename().string())) continue;
    // Whoever writes a temporary file holds its lock.
    if (const auto lock = FileLock::try_acquire(entry->path())) {
      remove_files_of(entry->path());
      remove_tree(entry->path());
    }
  }
  if (error == std::errc::no_such_file_or_directory) return;
  if (error) throw system_error("cannot read " + folder.string(), error.value());
  remove_stale_temporaries(folder);
}

std::vector<fs::path> remove_set(const BackupSet& set) {
  const fs::path hidden = hide_manifest(set.manifest_file());
  std::vector<fs::path> removed = own_files(hidden.parent_path(), set.manifest());
  for (const fs::path& path : removed) remove_tree(path);
  remove_tree(hidden);
  removed.push_back(set.manifest_file());
  return removed;
}

std::vector<fs::path> remove_old_sets(const fs::path& folder, const BackupSet& newest, std::int64_t hours) {
  std::vector<BackupSet> sets = list_sets(folder).sets;
  std::ranges::reverse(sets);
  std::set<std::string> held = holdings(newest);
  std::vector<fs::path> removed;
  for (const BackupSet& set : sets) {
    if (set.manifest().site != newest.manifest().site || set.manifest().created >= newest.manifest().created)
      continue;
    const std::set<std::string> own = holdings(set);
    if (is_older_than(set, hours) && std::ranges::includes(held, own)) {
      std::ranges::move(remove_set(set), std::back_inserter(removed));
    } else if (set.incomplete_files().empty()) {
      held.insert(own.begin(), own.end());
    }
  }
  return removed;
}

}  // namespace bench
