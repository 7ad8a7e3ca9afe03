#include "workflow/restore_swap.hpp"

#include <fmt/format.h>

#include <array>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "operation/pause_point.hpp"

namespace bench {

namespace {

constexpr std::array both{RestoreStage::Files::public_files, RestoreStage::Files::private_files};

std::string_view folder_name(RestoreStage::Files files) {
  return files == RestoreStage::Files::public_files ? "public" : "private";
}

std::filesystem::path free_name(std::filesystem::path path) {
  while (std::filesystem::exists(path)) path += "+";
  return path;
}

}  // namespace

// A files folder may be a link to another volume; a rename must stay on that one.
std::filesystem::path RestoreStage::live(Files files) const {
  const auto folder = files == Files::public_files ? m_site.public_files() : m_site.private_files();
  return std::filesystem::is_symlink(folder) ? std::filesystem::canonical(folder) : folder;
}

std::filesystem::path RestoreStage::staged(Files files) const {
  return live(files).parent_path() / fmt::format(".files-{}.new", m_operation.id());
}

void RestoreStage::stage_config(const std::vector<std::pair<std::string, std::string>>& members) const {
  JsonText json = JsonText::empty();
  for (const auto& [key, value] : members) json.set(key, value);
  make_folders(m_operation.folder_path(), 0700);
  write_file_atomically(config_stage(), json.text(), 0600);
}

void RestoreStage::mark(Database& scratch) const {
  scratch.execute(
      "CREATE TABLE IF NOT EXISTS __bench_state (state_key VARCHAR(64) PRIMARY KEY, state_value TEXT)");
  scratch.execute("DELETE FROM __bench_state WHERE state_key = 'restored_by'");
  const std::vector<Value> id{m_operation.id()};
  scratch.execute("INSERT INTO __bench_state (state_key, state_value) VALUES ('restored_by', ?)", id);
}

bool RestoreStage::is_swapped(Database& live) const {
  const std::vector<Value> id{m_operation.id()};
  return live.has_table("__bench_state") &&
         !live.query("SELECT 1 FROM __bench_state WHERE state_key = 'restored_by' AND state_value = ?", id)
              .empty();
}

std::vector<std::string> RestoreStage::finish() const {
  std::vector<std::string> notes;
  // What stopped half-way before stood in a database that is gone.
  for (Operation& waiting : Operation::list_in_state(m_site, OperationState::needs_attention))
    waiting.update([this](nlohmann::json& record) { record["replaced_by"] = m_operation.id(); });
  for (const Files files : both) {
    const auto target = live(files), source = staged(files);
    const auto replaced = target.parent_path() / fmt::format(".files-{}.old", m_operation.id());
    if (std::filesystem::exists(source)) {
      if (std::filesystem::exists(target)) std::filesystem::rename(target, free_name(replaced));
      pause_point("restore.files-moved");
      std::filesystem::rename(source, target);
      sync_folder(target.parent_path());
      pause_point("restore.files-swapped");
    }
    if (!std::filesystem::exists(replaced)) continue;
    const auto kept = m_operation.folder() / fmt::format("replaced-{}-files", folder_name(files));
    std::error_code other_device;
    std::filesystem::rename(replaced, kept, other_device);
    // prune_operations removes it there.
    if (other_device)
      m_operation.update(
          [&replaced](nlohmann::json& record) { record["replaced_files"].push_back(replaced.string()); });
    notes.push_back(
        fmt::format("the {} files that were there are kept in {} until five more restores are done",
                    folder_name(files), other_device ? replaced.string() : kept.string()));
  }
  if (std::filesystem::exists(config_stage())) {
    const SiteConfig members = SiteConfig::load(config_stage());
    m_site.edit_config([&members](SiteConfig& config) {
      for (const std::string& key : members.keys()) config.set_raw(key, *members.raw(key));
    });
    remove_tree(config_stage());
  }
  return notes;
}

void RestoreStage::discard() const {
  for (const Files files : both) remove_tree(staged(files));
  remove_tree(config_stage());
  put_damaged_back();
}

std::filesystem::path RestoreStage::damaged(const char* suffix) const {
  const std::string file = settings_of(m_site).file.filename().string();
  return m_operation.folder_path() / fmt::format("damaged-{}{}", file, suffix);
}

void RestoreStage::set_damaged_aside() const {
  m_operation.folder();
  for (const char* suffix : {"-shm", "-wal", ""}) {
    const std::filesystem::path file = settings_of(m_site).file.string() + suffix;
    if (std::filesystem::exists(file)) std::filesystem::rename(file, damaged(suffix));
  }
}

// The log files of what stands in its place must not be taken for those of the damaged one.
void RestoreStage::put_damaged_back() const {
  const std::string live = settings_of(m_site).file.string();
  if (std::filesystem::exists(damaged("")))
    for (const char* suffix : {"-shm", "-wal"}) remove_tree(live + suffix);
  for (const char* suffix : {"", "-wal", "-shm"})
    if (std::filesystem::exists(damaged(suffix))) std::filesystem::rename(damaged(suffix), live + suffix);
}

bool make_lost_database(const Workplace& workplace, const Site& site, Operation& operation) {
  const Backend& backend = backend_of(site);
  const SiteDatabase database = database_of(workplace, site);
  if (!backend.has_server || !database.admin || backend.has_database(database)) return false;
  operation.step("create-database");
  backend.create_database(database, AppAccount::may_exist, [&operation] {
    operation.update([](nlohmann::json& record) { record["made_database"] = true; });
    pause_point("restore.database-begun");
  });
  pause_point("restore.database-made");
  return true;
}

void drop_made_database(const Workplace& workplace, const Site& site, const Operation& operation) {
  if (!operation.record().value("made_database", false)) return;
  const Backend& backend = backend_of(site);
  const SiteDatabase database = database_of(workplace, site);
  const auto is_filled = [&] {
    const auto content =
        backend.open_exporter(database.for_changes(), {})->write([](std::string_view) {}, {}, {});
    return !content.tables.empty();
  };
  if (backend.has_database(database) && is_filled()) return;
  backend.drop_database(database);
}

}  // namespace bench
