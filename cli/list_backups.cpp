#include <fmt/format.h>
#include <algorithm>

#include "base/time.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/backup_site.hpp"

namespace bench::cli {

namespace {

Json described(const BackupSet& set, const std::vector<std::filesystem::path>& incomplete) {
  const Manifest& manifest = set.manifest();
  Json files = Json::array();
  for (const auto& file : incomplete) files.push_back(file.string());
  return {{"name", set.name()},          {"manifest", set.manifest_file().string()},
          {"created", manifest.created}, {"operation", text_or_null(manifest.operation)},
          {"size", set.size()},          {"with_files", manifest.file("files") != nullptr},
          {"partial", manifest.partial}, {"same_moment", manifest.same_moment},
          {"incomplete_files", files}};
}

std::string content_of(const Manifest& manifest) {
  std::string text = manifest.partial ? "partial database" : "database";
  if (manifest.file("files") != nullptr)
    text += manifest.same_moment ? ", files" : ", files (not of one moment)";
  return text;
}

Outcome backups_of(const Site& site) {
  Outcome outcome;
  Json sets = Json::array();
  Json broken = Json::array();
  Json unfinished = Json::array();
  std::vector<std::vector<std::string>> rows = {{"set", "created", "size", "content", "folder"}};
  std::string remarks;
  std::vector<BackupSet> all;
  for (const auto& folder : backup_folders(site)) {
    SetListing listing = list_sets(folder);
    std::ranges::move(listing.sets, std::back_inserter(all));
    for (const auto& path : listing.broken) {
      broken.push_back(path.string());
      remarks += fmt::format("BROKEN manifest: {}\n", path.string());
    }
    for (const auto& path : listing.unfinished) {
      unfinished.push_back(path.string());
      remarks += fmt::format("without a manifest: {}\n", path.string());
    }
  }
  // Those before a migrate lie elsewhere, but people look for the newest.
  std::ranges::stable_sort(all, {}, [](const BackupSet& set) { return set.manifest().created; });
  for (const BackupSet& set : all) {
    const auto incomplete = set.incomplete_files();
    for (const auto& file : incomplete)
      remarks += fmt::format("GONE OR CUT OFF, of {}: {}\n", set.name(), file.string());
    sets.push_back(described(set, incomplete));
    rows.push_back({set.name(), set.manifest().created, format_bytes(set.size()), content_of(set.manifest()),
                    set.manifest_file().parent_path().string()});
  }
  outcome.result = {{"sets", sets}, {"broken", broken}, {"without_manifest", unfinished}};
  outcome.text =
      (rows.size() > 1 ? table(rows) : fmt::format("{}: no backup set yet\n", site.name())) + remarks;
  return outcome;
}

}  // namespace

Run declare_list_backups(CLI::App& app) {
  examples(app, {"bench --site develop list-backups"});
  return [](Context& context) { context.for_each_site(backups_of, {{"sets", Json::array()}}); };
}

}  // namespace bench::cli
