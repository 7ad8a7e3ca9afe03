#include "workflow/backup_site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"
#include "workflow/result.hpp"

namespace bench {

namespace {

Compression database_compression(const LayeredConfig& config) {
  const std::string text = config.string("backup_compression").value_or("gzip");
  if (text == "gzip") return Compression::gzip;
  if (text == "zstd") return Compression::zstd;
  throw Error(Kind::configuration,
              fmt::format("backup_compression is '{}', which is neither gzip nor zstd", text),
              "bench set-config backup_compression gzip");
}

std::vector<std::string> names_in(const nlohmann::json& list) {
  std::vector<std::string> names;
  for (const auto& item : list)
    if (item.is_string()) names.push_back(item.get<std::string>());
  return names;
}

// Frappe's config key "backup": {"includes": [...], "excludes": [...]}.
TableSelection selection_of(const LayeredConfig& config) {
  TableSelection selection;
  const auto backup = config.json("backup");
  if (!backup || !backup->is_object()) return selection;
  selection.includes = names_in(backup->value("includes", nlohmann::json::array()));
  selection.excludes = names_in(backup->value("excludes", nlohmann::json::array()));
  return selection;
}

std::vector<std::pair<std::string, std::string>> app_versions(const Workplace& workplace, const Site& site) {
  std::vector<std::pair<std::string, std::string>> versions;
  for (const std::string& name : site.installed_apps()) {
    const auto app = workplace.apps.find(name);
    versions.emplace_back(name, app ? app->version : "");
  }
  return versions;
}

std::vector<ManifestPatch> logged_patches(const Site& site) {
  std::vector<ManifestPatch> patches;
  for (const auto& [key, entry] : read_patch_log(*connect(site, Access::read_only)))
    if (!entry.skipped) patches.push_back({key, entry.checksum});
  return patches;
}

std::string config_text(const Site& site, const Operation& operation) {
  SiteConfig config = SiteConfig::load(site.config_file());
  config_before_window(config, operation.record().at("saved"));
  return config.text();
}

// Noted before the first byte is written, so that `recover` knows where a cut-off backup may have left
// something.
void note_folders(Operation& operation, const BackupRequest& request) {
  operation.update([&](nlohmann::json& record) {
    nlohmann::json folders = {request.folder.string()};
    for (const auto& path :
         {request.database_path, request.files_path, request.private_files_path, request.config_path})
      if (path) folders.push_back(path->parent_path().string());
    record["backups"]["folders"] = folders;
  });
}

// What every set of the site has in common.
BackupRequest request_for(const Workplace& workplace, const Site& site, const Operation& operation) {
  const ConnectionSettings settings = settings_of(site);
  BackupRequest request;
  request.operation = operation.id();
  request.db_type = settings.db_type;
  request.db_version = connect(site, Access::read_only)->server_version();
  request.db_name = settings.name;
  request.apps = app_versions(workplace, site);
  request.patches = logged_patches(site);
  request.config_text = config_text(site, operation);
  request.database_compression = database_compression(site.config());
  return request;
}

// A name that no table has is a typo on the command line; in the configuration it may be another version's.
TableSelection selection_for(const Workplace& workplace, const Site& site, const BackupOptions& options) {
  const bool is_asked_for = options.selection.is_partial();
  TableSelection selection = options.selection;
  if (!is_asked_for && !options.ignore_config_selection) selection = selection_of(site.config());
  if (!selection.is_partial()) return selection;
  const std::vector<std::string> tables = connect(site, Access::read_only)->tables();
  for (std::vector<std::string>* list : {&selection.includes, &selection.excludes})
    std::erase_if(*list, [&](const std::string& name) {
      if (std::ranges::any_of(tables, [&](const std::string& table) { return stands_for(name, table); }))
        return false;
      const std::string told = fmt::format("{} has no table '{}'", site.name(), name);
      if (is_asked_for) throw Error(Kind::usage, told, "name a table, or what follows tab in its name");
      workplace.progress.warning(fmt::format("{}, which the config key backup names", told));
      return true;
    });
  if (selection.is_partial())
    workplace.progress.warning("PARTIAL: tables are left out, so this set cannot be restored as a site");
  return selection;
}

BackupRequest request_from_options(const Workplace& workplace, const Site& site, const Operation& operation,
                                   const BackupOptions& options) {
  BackupRequest request = request_for(workplace, site, operation);
  request.folder = options.folder.value_or(backup_folders(site).front());
  request.database_path = options.database_path;
  request.files_path = options.files_path;
  request.private_files_path = options.private_files_path;
  request.config_path = options.config_path;
  request.with_files = options.with_files;
  request.archive_compression = options.archive_compression;
  if (options.database_compression) request.database_compression = *options.database_compression;
  request.selection = selection_for(workplace, site, options);
  return request;
}

std::unique_ptr<Exporter> open_exporter(const Workplace& workplace, const Site& site) {
  return backend_of(site).open_exporter(database_of(workplace, site).for_changes(),
                                        {Access::read_only, interruption_requested});
}

BackupSet take(const Workplace& workplace, const Site& site, Operation& operation, BackupRequest request,
               Exporter& exporter) {
  // A set's name stands for it wherever it lies: the one before a change and the one after it may be of one
  // second.
  request.folders = backup_folders(site);
  if (std::ranges::find(request.folders, request.folder) == request.folders.end())
    request.folders.push_back(request.folder);
  request.stamp = free_stamp(request.folders, site.name());
  note_folders(operation, request);
  return create_set(site, exporter, request, workplace.progress);
}

BackupSet take(const Workplace& workplace, const Site& site, Operation& operation, BackupRequest request) {
  return take(workplace, site, operation, std::move(request), *open_exporter(workplace, site));
}

BackupSet take_in_window(const Workplace& workplace, const Site& site, Operation& operation,
                         BackupRequest request, const FenceOptions& fence, BackupReport& report) {
  announce_maintenance(workplace, site);
  operation.step("enter");
  MaintenanceWindow window(site, database_of(workplace, site), connect_for_changes(workplace, site));
  window.enter(operation, fence, workplace.progress);
  std::optional<BackupSet> set;
  try {
    request.same_moment = window.fence().level != FenceLevel::not_enforced;
    request.config_text = config_text(site, operation);
    operation.step("backup");
    set = take(workplace, site, operation, std::move(request));
  } catch (...) {
    const Uninterrupted undoing;
    window.leave();
    throw;
  }
  const Uninterrupted finishing;
  report.window = window.leave();
  return std::move(*set);
}

std::vector<std::filesystem::path> apply_retention(const Site& site, const std::filesystem::path& folder,
                                                   const BackupSet& newest) {
  const auto hours = site.config().integer("keep_backups_for_hours");
  if (!hours || *hours <= 0) return {};
  return remove_old_sets(folder, newest, *hours);
}

}  // namespace

std::vector<std::filesystem::path> backup_folders(const Site& site) {
  std::vector<std::filesystem::path> folders;
  const std::string configured = site.config().string("backup_path").value_or("");
  // Frappe's backup_path is relative to the sites folder.
  if (!configured.empty()) folders.push_back(site.path().parent_path() / configured);
  folders.push_back(site.backups_folder());
  // Their records are not read: a window may stand meanwhile.
  std::vector<std::filesystem::path> of_operations;
  std::error_code none_yet;
  for (const auto& entry : std::filesystem::directory_iterator(site.operations_folder(), none_yet))
    if (entry.is_directory()) of_operations.push_back(entry.path());
  std::ranges::sort(of_operations);
  folders.insert(folders.end(), of_operations.begin(), of_operations.end());
  return folders;
}

BackupSet take_backup(const Workplace& workplace, const Site& site, Operation& operation,
                      const std::filesystem::path& folder, SameMoment same_moment, WithFiles with_files) {
  BackupRequest request = request_for(workplace, site, operation);
  request.folder = folder;
  request.same_moment = same_moment == SameMoment::yes;
  request.with_files = with_files == WithFiles::yes;
  return take(workplace, site, operation, std::move(request));
}

OpenBackup::OpenBackup(const Workplace& workplace, const Site& site, Operation& operation,
                       const std::filesystem::path& folder, SameMoment same_moment)
    : m_workplace(workplace),
      m_site(site),
      m_operation(operation),
      m_request(request_for(workplace, site, operation)),
      m_exporter(open_exporter(workplace, site)) {
  m_request.folder = folder;
  m_request.same_moment = same_moment == SameMoment::yes;
}

BackupSet OpenBackup::finish() {
  return take(m_workplace, m_site, m_operation, m_request, *m_exporter);
}

namespace {

// bench leaves no database without its log; as the newest set it would push out those that can be restored.
void refuse_emptied_database(const Site& site) {
  if (!connect(site, Access::read_only)->tables().empty()) return;
  throw Error(Kind::bad_backup,
              fmt::format("{}: the database holds no table: it was emptied or replaced", site.name()),
              fmt::format("bench --site {} list-backups, then restore the newest", site.name()));
}

}  // namespace

BackupReport backup_site(const Workplace& workplace, const Site& site, const BackupOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  Operation operation = Operation::begin(site, "backup");
  BackupReport report{.site = site.name(), .operation = operation.id()};
  try {
    refuse_emptied_database(site);
    BackupRequest request = request_from_options(workplace, site, operation, options);
    const std::filesystem::path folder = request.folder;
    if (!request.selection.is_partial())
      report.restore_limits = open_exporter(workplace, site)->restore_limits();
    for (const std::string& limit : report.restore_limits) workplace.progress.warning(limit);
    operation.step("backup");
    const BackupSet set = options.in_window ? take_in_window(workplace, site, operation, std::move(request),
                                                             options.fence, report)
                                            : take(workplace, site, operation, std::move(request));
    report.manifest = set.manifest_file();
    report.content = set.manifest();
    report.removed = apply_retention(site, folder, set);
    operation.finish(OperationState::done, {{"manifest", report.manifest.string()}});
  } catch (const std::exception& exception) {
    end_undone(operation, exception);
    throw;
  }
  prune_operations(site);
  return report;
}

BackupSet open_verified_set(const Workplace& workplace, const Site& site, const std::string& reference) {
  try {
    BackupSet set = BackupSet::open(reference, backup_folders(site));
    verify_set(set, workplace.progress);
    return set;
  } catch (const Error& error) {
    throw with_way_out(site, error);
  }
}

Error with_way_out(const Site& site, const Error& error) {
  if (error.kind() != Kind::bad_backup || !error.hint().empty()) return error;
  return error.with_hint(fmt::format("choose another set: bench --site {} list-backups", site.name()));
}

VerifyReport verify_backup(const Workplace& workplace, const Site& site, const std::string& reference,
                           Drill drill) {
  const BackupSet set = open_verified_set(workplace, site, reference);
  VerifyReport report{.site = site.name(), .set = set.name(), .manifest = set.manifest_file()};
  report.tables = set.manifest().content.tables.size();
  for (const TableSummary& table : set.manifest().content.tables) report.rows += table.rows;
  if (drill == Drill::no) return report;
  // As a restore says; only an undo brings such a database back.
  if (report.tables == 0)
    throw with_way_out(site, Error(Kind::bad_backup, fmt::format("{} holds no table", set.name())));
  const FileLock lock = lock_and_recover(workplace, site);
  Operation operation = Operation::begin(site, "drill");
  try {
    const auto scratch = make_scratch(workplace, site, operation, set.manifest().db_type);
    for (LeftOut& left : drill_set(set, *scratch, workplace.progress))
      report.not_proven.push_back(std::move(left.statement));
    report.drilled = true;
  } catch (const std::exception& exception) {
    const Error error = with_way_out(site, to_error(exception));
    end_undone(operation, error);
    throw error;
  }
  operation.finish(OperationState::done, {{"set", set.name()}});
  return report;
}

std::unique_ptr<Scratch> make_scratch(const Workplace& workplace, const Site& site,
                                      const Operation& operation, const std::string& db_type) {
  const ConnectionSettings settings = settings_of(site);
  if (db_type != settings.db_type)
    throw Error(Kind::bad_backup,
                fmt::format("the set holds a {} database, and {} has a {} database", db_type, site.name(),
                            settings.db_type),
                fmt::format("use a site whose db_type is {}", db_type));
  return get_backend(settings.db_type)
      .make_scratch(database_of(workplace, site), {Access::read_write, interruption_requested},
                    operation.folder(), operation.id());
}

void prune_operations(const Site& site) {
  constexpr std::size_t before_sets_kept = 5;
  constexpr std::size_t records_kept = 500;
  std::vector<Operation> finished;
  for (Operation& operation : Operation::list(site))
    if (operation.state() == OperationState::done || operation.state() == OperationState::undone)
      finished.push_back(std::move(operation));
  // What a restore replaced may be the only copy of a file: other operations do not push it out.
  std::size_t sets = 0, replaced = 0, records = 0;
  for (auto operation = finished.rbegin(); operation != finished.rend(); ++operation) {
    const std::filesystem::path folder = operation->folder_path();
    // A hook that was killed may have left it, and what an operation has emptied says nothing.
    remove_tree(folder / "connection.json");
    std::error_code not_empty;
    std::filesystem::remove(folder, not_empty);
    const bool holds_replaced =
        operation->kind() == "restore" || operation->record().at("backups").contains("replaced");
    std::size_t& kept = holds_replaced ? replaced : sets;
    if (std::filesystem::is_directory(folder) && ++kept > before_sets_kept) {
      for (const std::string& elsewhere :
           operation->record().value("replaced_files", std::vector<std::string>()))
        remove_tree(elsewhere);
      remove_tree(folder);
    }
    if (++records > records_kept && !std::filesystem::exists(operation->folder_path())) operation->forget();
  }
}

}  // namespace bench
