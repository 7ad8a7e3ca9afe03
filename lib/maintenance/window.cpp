#include "maintenance/window.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"

namespace bench {

namespace {

constexpr std::array window_keys{"maintenance_mode", "pause_scheduler"};
constexpr std::string_view value_in_window = "1";
constexpr std::size_t reserve_size = 262'144;

void save_config_values(const Site& site, Operation& operation) {
  const SiteConfig config = SiteConfig::load(site.config_file());
  operation.update([&](nlohmann::json& record) {
    nlohmann::json& saved = record["saved"];
    // A restore that sets a damaged database aside has a second window.
    saved["lifted"] = false;
    for (const char* key : window_keys) {
      const auto raw = config.raw(key);
      saved["config"][key] = raw ? nlohmann::json(*raw) : nlohmann::json(nullptr);
    }
  });
}

std::unique_ptr<Fence> fence_of(const SiteDatabase& database, Database* connection) {
  return get_backend(database.app.db_type).make_fence(database, connection);
}

void put_config_back(const Site& site, const nlohmann::json& saved) {
  site.edit_config([&saved](SiteConfig& config) { config_before_window(config, saved); });
}

// A server's rights can be a long list, and the record is written at every step.
std::filesystem::path fence_file(const Operation& operation) {
  return operation.part_of_record("fence");
}

void save_fence(Operation& operation, const nlohmann::json& inverse) {
  nlohmann::json saved = saved_fence(operation).value_or(nlohmann::json::array());
  saved.push_back(inverse);
  const std::filesystem::path file = fence_file(operation);
  write_file_atomically(file, json_text(saved) + "\n", 0600);
  pause_point("window.fence-saved");
  operation.note([&file](nlohmann::json& record) { record["saved"]["fence"] = file.filename().string(); });
}

void forget_fence(Operation& operation) {
  operation.note([](nlohmann::json& record) { record["saved"].erase("fence"); });
  std::filesystem::remove(fence_file(operation));
}

// Its record says what was taken, so where that list is lost the app had at least the usual.
std::vector<std::string> lift(Fence& fence, const Operation& operation) {
  if (const auto saved = saved_fence(operation)) return fence.lift(*saved);
  const std::optional<std::string> lost = fence.lost_rights();
  if (lost) fence.give_usual_rights();
  return {fmt::format("what was taken from the app's account is not known any more, because {} is gone; {}",
                      fence_file(operation).string(),
                      lost ? "it was given the usual rights: " + *lost : "nothing was given back to it")};
}

// On a disk that the work in the window has filled, putting the site back needs room for the files that say
// so.
std::filesystem::path reserve_of(const Operation& operation) {
  return operation.folder_path() / "reserve";
}

void keep_reserve(const Operation& operation) {
  make_folders(operation.folder_path(), 0700);
  const std::filesystem::path file = reserve_of(operation);
  write_all(open_file(file, O_WRONLY | O_CREAT | O_TRUNC).get(), std::string(reserve_size, '\0'), file);
}

// A fence that waited in vain has put back what it changed; to lift it once more would end those it waited
// for.
FenceReport enter_fence(Fence& fence, Operation& operation, FenceOptions options, Progress& progress) {
  options.progress = &progress;

  const auto save = [&operation](const nlohmann::json& inverse) { save_fence(operation, inverse); };
  try {
    return fence.enter(options, save);
  } catch (const Error& error) {
    if (error.kind() == Kind::busy || error.kind() == Kind::interrupted) forget_fence(operation);
    throw;
  }
}

// Somebody may have given rights since the fence was entered, the app's own among them.
void add_new_ways(Fence& fence, FenceReport& report) {
  for (std::string& way : fence.ways_to_write()) {
    if (std::ranges::find(report.ways_to_write, way) != report.ways_to_write.end()) continue;
    report.level = FenceLevel::not_enforced;
    report.gaps.push_back(way);
    report.ways_to_write.push_back(std::move(way));
  }
}

void mark_lifted(Operation& operation) {
  operation.update([](nlohmann::json& record) {
    record["saved"]["lifted"] = true;
    record["saved"].erase("fence");
  });
  std::filesystem::remove(fence_file(operation));
}

}  // namespace

MaintenanceWindow::MaintenanceWindow(const Site& site, SiteDatabase database,
                                     std::unique_ptr<Database> connection)
    : m_site(&site),
      m_database(std::move(database)),
      m_connection(std::move(connection)),
      m_fence(fence_of(m_database, m_connection.get())) {}

void MaintenanceWindow::enter(Operation& operation, const FenceOptions& options, Progress& progress) {
  m_operation = &operation;
  m_fence->prepare();
  save_config_values(*m_site, operation);
  pause_point("window.saved");
  try {
    keep_reserve(operation);
    m_stopwatch = Stopwatch();
    m_site->edit_config([](SiteConfig& config) {
      for (const char* key : window_keys) config.set_raw(key, value_in_window);
    });
    pause_point("window.config-set");
    m_report = enter_fence(*m_fence, operation, options, progress);
    pause_point("window.fenced");
    throw_if_interrupted();
    note_fence();
  } catch (...) {
    const Uninterrupted undoing;
    leave();
    throw;
  }
}

void MaintenanceWindow::resume(Operation& operation) {
  m_operation = &operation;
  m_report.level = fence_level(operation.record().value("fence", ""));
  m_report.gaps = operation.record().value("gaps", std::vector<std::string>());
  // A record of an older bench has only those.
  m_report.ways_to_write = operation.record().value("ways_to_write", m_report.gaps);
  if (m_report.level != FenceLevel::not_enforced) add_new_ways(*m_fence, m_report);
  note_fence();
  keep_reserve(operation);
}

// For whoever asks what enforces the window, and for who has to decide whether a backup may be restored over
// what was written in it.
void MaintenanceWindow::note_fence() {
  m_operation->note([this](nlohmann::json& record) {
    record["fence"] = name(m_report.level);
    record["gaps"] = m_report.gaps;
    record["ways_to_write"] = m_report.ways_to_write;
    record["ended_sessions"] = m_report.ended_sessions;
  });
}

WindowReport MaintenanceWindow::so_far() const {
  WindowReport report;
  report.mode = mode_in_maintenance(m_site->config());
  report.fence = m_report;
  report.duration = m_stopwatch.elapsed();
  return report;
}

void MaintenanceWindow::replace_connection(std::unique_ptr<Database> connection) {
  m_fence.reset();
  m_connection = std::move(connection);
  m_fence = fence_of(m_database, m_connection.get());
}

void MaintenanceWindow::free_reserve() const {
  remove_tree(reserve_of(*m_operation));
}

WindowReport MaintenanceWindow::leave() {
  free_reserve();
  WindowReport report = so_far();
  report.slipped_in = slipped_in();
  report.not_put_back = lift(*m_fence, *m_operation);
  // Where it is the fence, closing it gives back what the run's write-ahead log holds of the disk, before a
  // file is written below. A server takes its time over it.
  if (m_connection && m_connection->features().fence_life == Features::FenceLife::connection)
    m_connection.reset();
  pause_point("window.lifted");
  put_config_back(*m_site, m_operation->record().at("saved"));
  report.duration = m_stopwatch.elapsed();
  pause_point("window.config-restored");
  m_connection.reset();
  mark_lifted(*m_operation);
  return report;
}

void config_before_window(SiteConfig& config, const nlohmann::json& saved) {
  if (!saved.contains("config")) return;
  // Members that were appended go in the opposite order, so that the text becomes what it was.
  for (auto key = window_keys.rbegin(); key != window_keys.rend(); ++key) {
    if (config.raw(*key) != value_in_window) continue;
    const nlohmann::json& old = saved.at("config").at(*key);
    if (old.is_null())
      config.remove(*key);
    else
      config.set_raw(*key, old.get<std::string>());
  }
}

std::optional<nlohmann::json> saved_fence(const Operation& operation) {
  const std::filesystem::path file = fence_file(operation);
  try {
    if (const auto text = read_file_if_exists(file)) return nlohmann::json::parse(*text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(Kind::configuration,
                fmt::format("{}: what a fence took from the app's account cannot be read: {}", file.string(),
                            error.what()),
                "put the file back from a copy of it; else move it away: then the account is given the usual "
                "rights");
  }
  // The record of an older bench holds them itself.
  nlohmann::json noted = operation.record().at("saved").value("fence", nlohmann::json::array());
  return noted.is_array() ? std::optional(std::move(noted)) : std::nullopt;
}

bool holds_window(const Operation& operation) {
  const nlohmann::json& saved = operation.record().at("saved");
  return saved.contains("config") && !saved.value("lifted", false);
}

std::vector<std::string> lift_saved_window(const Site& site, const SiteDatabase& database,
                                           Operation& operation) {
  if (!holds_window(operation)) {
    // One that was cut off in between has left it.
    std::filesystem::remove(fence_file(operation));
    return {};
  }
  remove_tree(reserve_of(operation));
  std::vector<std::string> not_put_back = lift(*fence_of(database, nullptr), operation);
  pause_point("window.lifted");
  put_config_back(site, operation.record().at("saved"));
  mark_lifted(operation);
  return not_put_back;
}

}  // namespace bench
