#include "workflow/restore_site.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "backup/archive.hpp"
#include "backup/backup_set.hpp"
#include "base/error.hpp"
#include "migration/patch_log.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "operation/pause_point.hpp"
#include "workflow/backup_site.hpp"
#include "workflow/change_in_window.hpp"
#include "workflow/restore_swap.hpp"
#include "workflow/result.hpp"

namespace bench {

namespace {

/// A set with its manifest, or a dump file alone.
struct Source {
  std::optional<BackupSet> set;
  std::filesystem::path dump;
};

bool is_dump_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return std::filesystem::is_regular_file(path) && name.find("-manifest.json") == std::string::npos;
}

bool belongs_to_set(const std::filesystem::path& file) {
  try {
    BackupSet::open(file.string(), {});
    return true;
  } catch (const Error&) {
    return false;
  }
}

void refuse_encrypted(const std::string& reference) {
  const std::string name = std::filesystem::path(reference).filename().string();
  if (name.find("-enc.") == std::string::npos) return;
  throw Error(Kind::bad_backup, fmt::format("{}: Frappe encrypted it", reference),
              fmt::format("decrypt it first: gpg --decrypt --output FILE {}", reference));
}

Source open_source(const Workplace& workplace, const Site& site, const std::string& reference) {
  refuse_encrypted(reference);
  if (is_dump_file(reference) && !belongs_to_set(reference)) return {.set = {}, .dump = reference};
  Source source{.set = open_verified_set(workplace, site, reference), .dump = {}};
  const auto dump = source.set->file("database");
  if (!dump)
    throw Error(Kind::bad_backup, fmt::format("{} holds no database", source.set->manifest_file().string()));
  source.dump = *dump;
  return source;
}

void check_apps(const Workplace& workplace, const Manifest& manifest, const RestoreOptions& options) {
  std::vector<std::string> missing;
  for (const auto& [app, version] : manifest.apps)
    if (!workplace.apps.find(app)) missing.push_back(app);
  if (missing.empty()) return;
  const std::string message =
      fmt::format("the set's site has apps that this bench does not have: {}", fmt::join(missing, ", "));
  if (!options.allow_missing_apps)
    throw Error(Kind::configuration, message, "put them under apps/, or give --allow-missing-apps");
  workplace.progress.warning(message);
}

/// One restore of one site.
class Restore {
 public:
  Restore(const Workplace& workplace, const Site& site, const RestoreOptions& options, Operation& operation,
          Source source)
      : m_workplace(workplace),
        m_site(site),
        m_options(options),
        m_operation(operation),
        m_source(std::move(source)),
        m_stage(site, operation) {}

  RestoreReport run();

 private:
  void make_missing_database();
  void prove();
  void stage();
  std::optional<std::filesystem::path> checked_archive(RestoreStage::Files files,
                                                       const std::optional<std::string>& wanted) const;
  void stage_files(RestoreStage::Files files, const std::optional<std::filesystem::path>& archive);
  void set_aside(const Error& damage);
  void set_damaged_database_aside();
  void swap();
  void swap_in_window();
  bool is_swapped(const std::exception& failure);
  void finish();

  const Workplace& m_workplace;
  const Site& m_site;
  const RestoreOptions& m_options;
  Operation& m_operation;
  Source m_source;
  RestoreStage m_stage;
  std::optional<std::filesystem::path> m_public_archive, m_private_archive;
  std::unique_ptr<Scratch> m_scratch;
  std::optional<MaintenanceWindow> m_window;
  RestoreReport m_report;
};

RestoreReport Restore::run() {
  m_report.site = m_site.name();
  m_report.operation = m_operation.id();
  if (m_source.set && m_source.set->manifest().site != m_site.name())
    m_report.notes.push_back(fmt::format("the set is of another site: {}", m_source.set->manifest().site));
  m_report.source = m_source.set ? m_source.set->manifest_file().string() : m_source.dump.string();
  m_public_archive = checked_archive(RestoreStage::Files::public_files, m_options.public_files);
  m_private_archive = checked_archive(RestoreStage::Files::private_files, m_options.private_files);
  make_missing_database();
  prove();
  stage();
  swap();
  finish();
  return std::move(m_report);
}

// Somebody dropped it, or the server is another one: then the rest has an empty database to replace.
void Restore::make_missing_database() {
  if (!make_lost_database(m_workplace, m_site, m_operation)) return;
  const ConnectionSettings settings = settings_of(m_site);
  m_report.notes.push_back(fmt::format(
      "the server had no database {}: it was made anew, with the account {}, as the site's config names them",
      settings.name, settings.user));
  m_workplace.progress.note(m_report.notes.back());
}

void Restore::prove() {
  m_operation.step("prove");
  check_disk_space(m_site);
  m_scratch = make_scratch(m_workplace, m_site, m_operation,
                           m_source.set ? m_source.set->manifest().db_type : settings_of(m_site).db_type);
  if (m_source.set)
    drill_set(*m_source.set, *m_scratch, m_workplace.progress);
  else
    load_dump(m_source.dump, *m_scratch, m_workplace.progress);
  m_scratch->check();
  for (const std::string& what : m_scratch->lacking()) {
    m_report.notes.push_back(fmt::format("{}: {}", m_source.dump.filename().string(), what));
    m_workplace.progress.warning(m_report.notes.back());
  }
  const ContentSummary content = m_source.set ? m_source.set->manifest().content : m_scratch->summarize();
  if (content.tables.empty())
    throw Error(Kind::bad_backup, fmt::format("{} holds no table", m_source.dump.string()));
  m_report.verified_by_manifest = m_source.set.has_value();
  m_report.tables = content.tables.size();
  for (const TableSummary& table : content.tables) m_report.rows += table.rows;
  pause_point("restore.proven");
}

// Before anything is loaded or made.
std::optional<std::filesystem::path> Restore::checked_archive(
    RestoreStage::Files files, const std::optional<std::string>& wanted) const {
  if (!wanted) return std::nullopt;
  const bool is_public = files == RestoreStage::Files::public_files;
  std::optional<std::filesystem::path> archive = std::filesystem::path(*wanted);
  if (wanted->empty())
    archive = m_source.set ? m_source.set->file(is_public ? "files" : "private-files") : std::nullopt;
  if (!archive)
    throw Error(
        Kind::usage,
        fmt::format("{} holds no archive of {} files", m_report.source, is_public ? "public" : "private"),
        "name the archive's file");
  if (!std::filesystem::is_regular_file(*archive))
    throw Error(Kind::usage, fmt::format("there is no file '{}'", archive->string()),
                "name the archive's file");
  m_workplace.progress.phase(fmt::format("verifying {}", archive->filename().string()));
  const std::string tree = check_archive(*archive);
  if (!tree.empty() && tree.starts_with("public/") != is_public)
    throw Error(Kind::bad_backup, fmt::format("{}: it holds a site's {}", archive->string(), tree),
                fmt::format("give it with --with-{}-files", is_public ? "private" : "public"));
  return archive;
}

void Restore::stage_files(RestoreStage::Files files, const std::optional<std::filesystem::path>& archive) {
  if (!archive) return;
  m_workplace.progress.phase(fmt::format("extracting {}", archive->filename().string()));
  make_folders(m_stage.staged(files).parent_path());
  extract_archive(*archive, m_stage.staged(files));
  (files == RestoreStage::Files::public_files ? m_report.public_files : m_report.private_files) = true;
}

// The target keeps its own config, but for the key its data is encrypted with and the apps its data belongs
// to.
void Restore::stage() {
  m_operation.step("stage");
  stage_files(RestoreStage::Files::public_files, m_public_archive);
  stage_files(RestoreStage::Files::private_files, m_private_archive);
  if (const auto config_file = m_source.set ? m_source.set->file("config") : std::nullopt) {
    const SiteConfig config = SiteConfig::load(*config_file);
    std::vector<std::pair<std::string, std::string>> members;
    for (const char* key : {"encryption_key", "installed_apps"})
      if (const auto value = config.raw(key)) members.emplace_back(key, *value);
    m_stage.stage_config(members);
  }
  const bool has_patch_log = !read_patch_log(m_scratch->connection()).empty();
  m_operation.update([has_patch_log](nlohmann::json& record) { record["left_patch_log"] = has_patch_log; });
  m_stage.mark(m_scratch->connection());
  pause_point("restore.staged");
}

// Proven data is at hand, and what it replaces is damaged: that is set aside as it is.
void Restore::set_aside(const Error& damage) {
  const std::filesystem::path kept = m_operation.folder();
  m_report.notes.push_back(
      fmt::format("the database was damaged ({}); its files are kept in {}", damage.what(), kept.string()));
  m_stage.set_damaged_aside();
  backend_of(m_site).create_database(database_of(m_workplace, m_site), AppAccount::may_exist, [] {});
}

void Restore::set_damaged_database_aside() {
  try {
    connect(m_site, Access::read_write);
  } catch (const Error& error) {
    if (error.kind() != Kind::database || backend_of(m_site).has_server) throw;
    set_aside(error);
  }
}

void Restore::swap() {
  set_damaged_database_aside();
  try {
    swap_in_window();
  } catch (const Error& error) {
    // It opens, and a page of it cannot be read: then it cannot be kept as a backup set.
    if (error.sqlstate().rfind("SQLITE_CORRUPT", 0) != 0) throw;
    m_window.reset();
    set_aside(error);
    swap_in_window();
  }
}

// The connection that failed may be lost, and a server's swap may still be half-way: it is brought to its end
// first, as `recover` does. Where nobody can tell, the window stays for that.
bool Restore::is_swapped(const std::exception& failure) {
  const Backend& backend = backend_of(m_site);
  try {
    if (!backend.has_server) return m_stage.is_swapped(m_window->connection());
    backend.recover_scratch(database_of(m_workplace, m_site), m_operation.folder_path(), m_operation.id());
    return m_stage.is_swapped(*connect(m_site, Access::read_only));
  } catch (const Error& error) {
    if (!backend.has_server) return false;
    throw Error(
        Kind::needs_attention,
        fmt::format("{}; whether the database was replaced cannot be told ({}), and the site stays in "
                    "maintenance",
                    failure.what(), error.what()),
        fmt::format("bench --site {} recover", m_site.name()));
  }
}

void Restore::swap_in_window() {
  m_window.emplace(m_site, database_of(m_workplace, m_site), connect_for_changes(m_workplace, m_site));
  for (const std::string& finding : m_window->preflight()) m_workplace.progress.warning(finding);
  announce_maintenance(m_workplace, m_site);
  m_operation.step("enter");
  m_window->enter(m_operation, m_options.fence, m_workplace.progress);
  const SameMoment same_moment =
      m_window->fence().level == FenceLevel::not_enforced ? SameMoment::no : SameMoment::yes;
  try {
    m_operation.step("swap");
    m_scratch->swap_in(
        m_window->connection(),
        [&] {
          m_workplace.progress.phase("keeping what was there");
          m_report.before = take_backup(m_workplace, m_site, m_operation, m_operation.folder(), same_moment)
                                .manifest_file();
          pause_point("restore.kept");
          m_workplace.progress.phase("swapping the restored database in");
        },
        &m_workplace.progress);
  } catch (const std::exception& failure) {
    const Uninterrupted undoing;
    // What fails behind the swap takes nothing back.
    if (is_swapped(failure)) return;
    m_window->leave();
    throw;
  }
}

// The database is swapped: from here on there is only forward, here or in `recover`.
void Restore::finish() {
  const Uninterrupted finishing;
  pause_point("restore.swapped");
  m_operation.step("finish");
  try {
    for (std::string& what : m_scratch->given_to_others()) m_report.notes.push_back(std::move(what));
    m_scratch.reset();
    for (std::string& note : m_stage.finish()) m_report.notes.push_back(std::move(note));
    m_report.window = m_window->leave();
    if (site_mode(m_site.config()) != SiteMode::live) m_report.notes.push_back(told_stays(m_site));
    m_operation.finish(OperationState::done,
                       {{"source", m_report.source}, {"window", to_json(m_report.window)}});
  } catch (const std::exception& error) {
    throw Error(Kind::needs_attention,
                fmt::format("the database is restored, but what comes after it failed: {}", error.what()),
                fmt::format("bench --site {} recover", m_site.name()));
  }
}

}  // namespace

RestoreReport restore_site(const Workplace& workplace, const Site& site, const RestoreOptions& options) {
  const FileLock lock = lock_and_recover(workplace, site);
  Source source = open_source(workplace, site, options.source);
  if (source.set) {
    check_apps(workplace, source.set->manifest(), options);
    if (source.set->manifest().partial)
      throw Error(
          Kind::bad_backup,
          fmt::format("{} holds only some of the tables and cannot stand for a site", source.set->name()),
          "restore a set that was taken without --include, --exclude and the config key backup");
  }
  Operation operation = Operation::begin(site, "restore");
  try {
    RestoreReport report = Restore(workplace, site, options, operation, std::move(source)).run();
    prune_operations(site);
    return report;
  } catch (const std::exception& exception) {
    const Error error = with_way_out(site, to_error(exception));
    if (error.kind() == Kind::needs_attention) throw;
    // When even putting back failed, the record stays open for `recover`.
    if (holds_window(operation))
      throw Error(Kind::needs_attention, fmt::format("{}; the site stays in maintenance", error.what()),
                  fmt::format("bench --site {} recover", site.name()));
    const Uninterrupted undoing;
    RestoreStage(site, operation).discard();
    drop_made_database(workplace, site, operation);
    end_undone(operation, error);
    // Until then it was not about the site.
    const bool is_early = !operation.has_begun("enter") &&
                          (error.kind() == Kind::database || error.kind() == Kind::configuration);
    const bool keeps_kind = is_early || error.kind() == Kind::bad_backup || error.kind() == Kind::usage ||
                            error.kind() == Kind::busy;
    if (keeps_kind) throw error;
    throw error.with_kind(is_interruption(error) ? interruption_kind() : Kind::undone);
  }
}

}  // namespace bench
