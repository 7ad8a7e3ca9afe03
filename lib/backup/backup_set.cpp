#include "backup/backup_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "backup/set_names.hpp"
#include "backup/verify.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// Names of the entries of a folder; none when there is no such folder.
std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  std::vector<std::string> names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) throw system_error("cannot read " + folder.string(), error.value());
  std::ranges::sort(names);
  return names;
}

/// Manifests of the sets with that stamp, in one folder.
std::vector<fs::path> with_stamp(const fs::path& folder, const std::string& stamp) {
  std::vector<fs::path> found;
  for (const std::string& name : names_in(folder))
    if (name.starts_with(stamp + "-") && name.ends_with(manifest_suffix)) found.push_back(folder / name);
  return found;
}

std::vector<fs::path> named(const std::string& reference, const std::vector<fs::path>& folders) {
  std::vector<fs::path> exact, stamped;
  for (const fs::path& folder : folders) {
    const fs::path manifest = folder / fmt::format("{}{}", reference, manifest_suffix);
    if (is_file(manifest))
      exact.push_back(manifest);
    else if (const auto whose =
                 is_file(folder / reference) ? BackupSet::manifest_of(folder / reference) : std::nullopt)
      exact.push_back(*whose);
    std::ranges::copy(with_stamp(folder, reference), std::back_inserter(stamped));
  }
  return exact.empty() ? stamped : exact;
}

}  // namespace

BackupSet::BackupSet(fs::path file, Manifest manifest)
    : m_file(std::move(file)), m_manifest(std::move(manifest)) {}

BackupSet BackupSet::load(const fs::path& manifest_file) {
  const auto text = read_file_if_exists(manifest_file);
  if (!text) throw Error(Kind::bad_backup, manifest_file.string() + ": there is no such manifest");
  return {manifest_file, manifest_from_json(*text, manifest_file)};
}

std::optional<fs::path> BackupSet::manifest_of(const fs::path& file) {
  const auto prefix = set_prefix_of(file.filename().string());
  if (!prefix) return std::nullopt;
  const fs::path manifest = folder_of(file) / fmt::format("{}{}", *prefix, manifest_suffix);
  if (!is_file(manifest)) return std::nullopt;
  return manifest;
}

BackupSet BackupSet::open(const std::string& reference, const std::vector<fs::path>& folders) {
  if (is_file(reference)) {
    if (const auto manifest = manifest_of(reference)) return load(*manifest);
    // A manifest that was renamed is still one.
    if (reference.ends_with(".json")) return load(reference);
    throw Error(Kind::bad_backup, reference + ": it belongs to no finished backup set: no manifest names it");
  }
  const std::vector<fs::path> found = named(reference, folders);
  if (found.empty()) throw Error(Kind::bad_backup, "there is no backup set '" + reference + "'");
  if (found.size() > 1)
    throw Error(Kind::bad_backup,
                "'" + reference + "' stands for " + std::to_string(found.size()) + " backup sets",
                "name one of them, such as '" + found.front().string() + "'");
  return load(found.front());
}

std::string BackupSet::name() const {
  std::string name = m_file.filename().string();
  if (name.ends_with(manifest_suffix)) name.resize(name.size() - manifest_suffix.size());
  return name;
}

std::optional<fs::path> BackupSet::file(std::string_view role) const {
  const FileFacts* facts = m_manifest.file(role);
  if (facts == nullptr) return std::nullopt;
  return m_file.parent_path() / facts->name;
}

std::uint64_t BackupSet::size() const {
  std::uint64_t total = 0;
  for (const FileFacts& file : m_manifest.files) total += file.size;
  return total;
}

std::vector<fs::path> BackupSet::incomplete_files() const {
  std::vector<fs::path> files;
  for (const FileFacts& facts : m_manifest.files) {
    const fs::path path = *file(facts.role);
    std::error_code error;
    if (!is_file(path) || fs::file_size(path, error) != facts.size || error) files.push_back(path);
  }
  return files;
}

SetListing list_sets(const fs::path& folder) {
  SetListing listing;
  const std::vector<std::string> names = names_in(folder);
  std::vector<fs::path> claimed;
  for (const std::string& name : names) {
    if (name.starts_with('.') || !name.ends_with(manifest_suffix) || !is_file(folder / name)) continue;
    try {
      listing.sets.push_back(BackupSet::load(folder / name));
      for (const FileFacts& file : listing.sets.back().manifest().files)
        claimed.push_back(folder / file.name);
    } catch (const Error& error) {
      if (error.kind() != Kind::bad_backup) throw;
      listing.broken.push_back(folder / name);
    }
  }
  for (const std::string& name : names)
    if (!name.ends_with(manifest_suffix) && set_prefix_of(name) &&
        std::ranges::find(claimed, folder / name) == claimed.end())
      listing.unfinished.push_back(folder / name);
  std::ranges::stable_sort(listing.sets, {}, [](const BackupSet& set) { return set.manifest().created; });
  return listing;
}

void verify_set(const BackupSet& set, Progress& progress) {
  progress.phase("verifying " + set.name());
  std::uint64_t done = 0;
  for (const FileFacts& facts : set.manifest().files) {
    verify_file(*set.file(facts.role), facts,
                [&](std::uint64_t read) { progress.advance(done + read, set.size()); });
    done += facts.size;
  }
}

}  // namespace bench
