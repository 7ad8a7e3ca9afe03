#include "workflow/hooks.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/child_process.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "operation/interruption.hpp"

namespace bench {

namespace {

constexpr std::int64_t default_timeout_in_seconds = 600;

const std::vector<std::string>& hooks_of(const App& app, AppPrograms::Moment moment) {
  if (moment == AppPrograms::Moment::before_migrate) return app.before_migrate;
  return moment == AppPrograms::Moment::after_migrate ? app.after_migrate : app.on_undo;
}

constexpr std::string_view printed_prefix = "printed-";

// A program that was mended is another one.
std::string printed_name(const Patch& patch) {
  constexpr std::size_t enough = 24;
  return fmt::format("{}{}.sql", printed_prefix,
                     sha256(fmt::format("{}\n{}", patch.log_key, patch.checksum)).substr(0, enough));
}

// Ids of operations, which their folders are named by, sort by time.
std::optional<std::filesystem::path> latest_with(const std::filesystem::path& operations,
                                                 const std::string& file) {
  std::optional<std::filesystem::path> latest;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(operations, none)) {
    const std::filesystem::path candidate = entry.path() / file;
    if (std::filesystem::exists(candidate, none) && (!latest || latest->native() < candidate.native()))
      latest = candidate;
  }
  return latest;
}

std::string last_lines(const std::string& text) {
  constexpr std::size_t enough = 600;
  std::size_t begin = text.size() > enough ? text.size() - enough : 0;
  while (begin > 0 && begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80)
    ++begin;
  const std::string tail = begin > 0 ? fmt::format("...{}", std::string_view(text).substr(begin)) : text;
  const std::size_t end = tail.find_last_not_of(" \r\n\t");
  return end == std::string::npos ? "it printed nothing" : tail.substr(0, end + 1);
}

// All of it: what was noted before is cut to what a person reads.
void tell_lines(Progress& progress, const std::string& program, std::string_view text) {
  while (!text.empty()) progress.detail(fmt::format("{}: {}", program, take_until(text, '\n')));
}

}  // namespace

AppPrograms::AppPrograms(const Workplace& workplace, const Site& site, const Operation& operation,
                         const FileLock& lock)
    : m_workplace(workplace), m_site(site), m_operation(operation), m_lock(lock) {}

AppPrograms::~AppPrograms() {
  std::error_code ignored;
  if (!m_connection_file.empty()) std::filesystem::remove(m_connection_file, ignored);
}

void AppPrograms::write_connection_file() {
  if (!m_connection_file.empty()) return;
  m_connection_file = m_operation.folder() / "connection.json";
  const ConnectionSettings settings = settings_of(m_site);
  nlohmann::ordered_json connection{{"db_type", settings.db_type}, {"db_name", settings.name}};
  if (backend_of(m_site).has_server)
    connection.update({{"db_host", settings.host},
                       {"db_port", settings.port},
                       {"db_socket", settings.socket},
                       {"db_user", settings.user},
                       {"db_password", settings.password}});
  else
    connection["path"] = settings.file.string();
  write_file_atomically(m_connection_file, connection.dump(1) + "\n", 0600);
}

std::string AppPrograms::run(const std::filesystem::path& program, const std::filesystem::path& folder,
                             Kind failure) {
  write_connection_file();
  ChildCommand command;
  command.argv = {program.string()};
  command.folder = folder;
  command.environment = {{"BENCH_SITE", m_site.name()},
                         {"BENCH_SITE_PATH", m_site.path().string()},
                         {"BENCH_OPERATION", m_operation.id()},
                         {"BENCH_CONNECTION_FILE", m_connection_file.string()}};
  command.inherited = {m_lock.descriptor()};
  const auto timeout =
      std::chrono::seconds(m_site.config().integer("hook_timeout").value_or(default_timeout_in_seconds));
  command.timeout = timeout;
  command.should_stop = interruption_requested;
  const ChildResult result = run_child(command);
  const std::string name = program.filename().string();
  tell_lines(m_workplace.progress, name, result.stderr_text);
  if (!result.stderr_text.empty())
    m_workplace.progress.note(fmt::format("{}: {}", name, last_lines(result.stderr_text)));
  // What a patch prints is its SQL, which is kept with the operation.
  if (failure == Kind::unexpected || !result.succeeded())
    tell_lines(m_workplace.progress, name, result.stdout_text);
  throw_if_interrupted();
  if (result.timed_out)
    throw Error(failure, fmt::format("{} did not end within {} s", program.string(), timeout.count()),
                "make it faster, or raise hook_timeout with bench set-config");
  if (!result.succeeded())
    throw Error(failure, fmt::format("{} ended with exit code {}: {}", program.string(), result.exit_code,
                                     last_lines(result.stderr_text.empty() ? result.stdout_text
                                                                           : result.stderr_text)));
  return result.stdout_text;
}

void AppPrograms::run_hooks(const std::vector<App>& apps, Moment moment) {
  for (const App& app : apps)
    for (const std::string& hook : hooks_of(app, moment)) {
      m_workplace.progress.phase(fmt::format("running {} of {}", hook, app.name));
      const std::string output = run(app.folder / hook, app.folder, Kind::unexpected);
      if (!output.empty()) m_workplace.progress.note(last_lines(output));
    }
}

std::string AppPrograms::run_patch(const Patch& patch, RunOptions::Printed printed) {
  const std::string file = printed_name(patch);
  if (printed == RunOptions::Printed::as_before)
    if (const auto kept = latest_with(m_site.operations_folder(), file)) return read_file(*kept);
  std::string sql = run(patch.file, m_workplace.apps.get(patch.app).folder, Kind::statement);
  write_file_atomically(m_operation.folder() / file, sql, 0600);
  return sql;
}

bool is_printed(const std::filesystem::path& file) {
  return file.filename().string().starts_with(printed_prefix);
}

void forget_printed(const Operation& operation) {
  std::vector<std::filesystem::path> printed;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(operation.folder_path(), none))
    if (is_printed(entry.path())) printed.push_back(entry.path());
  for (const auto& file : printed) remove_tree(file);
  std::filesystem::remove(operation.folder_path(), none);
}

}  // namespace bench
