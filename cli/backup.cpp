#include <fmt/format.h>
#include <algorithm>

#include "base/time.hpp"
#include "change_report.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/result.hpp"

namespace bench::cli {

namespace {

using namespace std::chrono_literals;

struct BackupFlags {
  bool with_files = false;
  bool compress = false;
  std::string compression;
  std::vector<std::string> includes, excludes;
  std::optional<std::string> folder, database, files, private_files, config;
  bool ignore_config_selection = false;
  bool in_window = false;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

std::optional<std::filesystem::path> path_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  if (text->empty()) throw Error(Kind::usage, "a path is empty", "name a file or a folder");
  return std::filesystem::absolute(*text);
}

BackupOptions options_of(const BackupFlags& flags) {
  BackupOptions options;
  options.with_files = flags.with_files;
  if (flags.compress) options.archive_compression = Compression::gzip;
  if (flags.compression == "gzip") options.database_compression = Compression::gzip;
  if (flags.compression == "zstd") options.database_compression = Compression::zstd;
  options.selection.includes = split_at_commas(flags.includes);
  options.selection.excludes = split_at_commas(flags.excludes);
  options.ignore_config_selection = flags.ignore_config_selection;
  options.folder = path_of(flags.folder);
  options.database_path = path_of(flags.database);
  options.files_path = path_of(flags.files);
  options.private_files_path = path_of(flags.private_files);
  options.config_path = path_of(flags.config);
  options.in_window = flags.in_window;
  options.fence = flags.fence.options();
  return options;
}

Json files_of(const Manifest& manifest) {
  Json files = Json::array();
  for (const FileFacts& file : manifest.files) {
    files.push_back({{"role", file.role}, {"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
  }
  return files;
}

std::string told_files(const Manifest& manifest) {
  std::vector<std::vector<std::string>> rows;
  for (const FileFacts& file : manifest.files)
    rows.push_back({"  " + file.role, format_bytes(file.size), file.name});
  return table(rows);
}

std::string_view told_moment(const Manifest& content) {
  if (content.same_moment) return "database, files and config are of one moment";
  const bool has_files =
      std::ranges::any_of(content.files, [](const auto& file) { return file.role == "files"; });
  return has_files ? "the database is of one moment; files were copied while writers went on"
                   : "the database is of one moment";
}

Outcome outcome_of(const BackupReport& report) {
  std::int64_t rows = 0;
  for (const TableSummary& table : report.content.content.tables) rows += table.rows;
  Json removed = Json::array();
  for (const auto& path : report.removed) removed.push_back(path.string());
  Outcome outcome;
  outcome.result = {{"operation", report.operation},
                    {"manifest", report.manifest.string()},
                    {"files", files_of(report.content)},
                    {"partial", report.content.partial},
                    {"same_moment", report.content.same_moment},
                    {"tables", report.content.content.tables.size()},
                    {"rows", rows},
                    {"skipped_files", report.content.skipped_files},
                    {"restore_limits", report.restore_limits},
                    {"removed", removed},
                    {"window", report.window ? Json(to_json(*report.window)) : Json(nullptr)}};

  outcome.text = fmt::format("{}: backed up and verified, {} tables with {} rows{}\n{}", report.site,
                             report.content.content.tables.size(), rows,
                             report.content.partial ? " (PARTIAL)" : "", told_files(report.content));
  outcome.text += fmt::format("  manifest   {}\n", report.manifest.string());
  outcome.text += fmt::format("  moment     {}\n", told_moment(report.content));
  if (report.window) outcome.text += told(*report.window) + told_notes(report.window->not_put_back);
  for (const std::string& path : report.content.skipped_files)
    outcome.text += fmt::format("  left out   {}\n", path);
  for (const auto& path : report.removed) outcome.text += fmt::format("  removed    {}\n", path.string());
  return outcome;
}

void refuse_for_several_sites(const BackupFlags& flags, const std::vector<Site>& sites) {
  const bool one_path = flags.database || flags.files || flags.private_files || flags.config;
  if (!one_path || sites.size() == 1) return;
  throw Error(Kind::usage, "the path of one backup file cannot serve several sites",
              "use --backup-path DIR, or name one site");
}

void run(Context& context, const BackupFlags& flags) {
  const BackupOptions options = options_of(flags);
  const std::vector<Site> sites = context.sites();
  refuse_for_several_sites(flags, sites);
  const auto task = [&](const Site& site) {
    return outcome_of(backup_site(context.workplace(site, flags.wait.value_or(1h)), site, options));
  };
  context.for_each_site(sites, task, {{"operation", nullptr}, {"manifest", nullptr}});
}

void declare_paths(CLI::App& app, BackupFlags& flags) {
  in_group("where it goes",
           {add_text(app, "--backup-path", flags.folder,
                     "the folder; else backup_path of the config, else the site's", "DIR"),
            add_text(app, "--backup-path-db", flags.database, "the database's file", "FILE"),
            add_text(app, "--backup-path-files", flags.files, "the archive of public files", "FILE"),
            add_text(app, "--backup-path-private-files", flags.private_files, "the archive of private files",
                     "FILE"),
            add_text(app, "--backup-path-conf", flags.config, "the config's file", "FILE")});
}

}  // namespace

Run declare_backup(CLI::App& app) {
  examples(app, {"bench --site develop backup", "bench --site all backup --with-files --compress",
                 "bench --site develop backup --with-files --in-window",
                 "bench --site develop backup --exclude 'Error Log'"});
  auto flags = std::make_shared<BackupFlags>();
  add_flag(app, "--with-files", flags->with_files, "public and private files, too");
  add_flag(app, "--compress", flags->compress, "compress the archives of files");
  add_choice(app, "--compression", flags->compression, {"gzip", "zstd"},
             "of the database; else backup_compression of the config, else gzip");
  add_list(app, "-i,--include,--only", flags->includes, "only these tables, separated by commas", "TABLES");
  add_list(app, "-e,--exclude", flags->excludes, "all but these tables, separated by commas", "TABLES");
  add_flag(app, "--ignore-backup-conf", flags->ignore_config_selection,
           "take no notice of `backup` in the config");
  add_flag(app, "--in-window", flags->in_window,
           "read-only meanwhile, so that database and files are of one moment");
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "1h");
  declare_paths(app, *flags);
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
