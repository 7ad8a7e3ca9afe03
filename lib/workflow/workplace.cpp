#include "workflow/workplace.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/host.hpp"
#include "base/time.hpp"
#include "maintenance/window.hpp"
#include "operation/interruption.hpp"
#include "operation/site_lock.hpp"
#include "workflow/recover_site.hpp"

namespace bench {

namespace {

// A statement that the server still runs although its process is gone.
bool is_orphan(const Database::LockHolder& holder) {
  return holder.host == host_name() && holder.pid > 0 && kill(holder.pid, 0) != 0 && errno == ESRCH;
}

// A session of our own that was closed, and that the server has not let go of yet.
bool is_our_own(const Database::LockHolder& holder) {
  return holder.host == host_name() && holder.pid == getpid();
}

void take_site_lock(Database& database, const Workplace& workplace, const Site& site) {
  const Stopwatch stopwatch;
  bool told = false;
  while (const auto holder = database.try_site_lock()) {
    constexpr std::chrono::seconds longest_farewell{10};
    const bool is_leaving = is_our_own(*holder) && stopwatch.elapsed() < longest_farewell;
    if (!is_orphan(*holder) && !is_leaving && stopwatch.elapsed() >= workplace.wait)
      throw Error(Kind::busy, fmt::format("{}: its database is held by {}", site.name(), holder->told),
                  "wait until it is done, or give --wait 10m");
    if (!is_leaving && !std::exchange(told, true))
      workplace.progress.note(fmt::format("waiting for {}, which holds the database", holder->told));
    throw_if_interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

ConnectionSettings settings_of(const Site& site) {
  return connection_settings(site.config(), site.path());
}

const Backend& backend_of(const Site& site) {
  return get_backend(settings_of(site).db_type);
}

std::unique_ptr<Database> connect(const Site& site, Access access) {
  const ConnectionSettings settings = settings_of(site);
  return get_backend(settings.db_type).connect(settings, {access, interruption_requested});
}

SiteDatabase database_of(const Workplace& workplace, const Site& site) {
  const ConnectionSettings app = settings_of(site);
  const AdminSources sources{.chosen = workplace.admin,
                             .file = workplace.bench.path() / "config" / "admin.json"};
  return {.app = app, .admin = find_admin(app, sources, site.config())};
}

std::unique_ptr<Fence> fence_of(const Workplace& workplace, const Site& site) {
  return backend_of(site).make_fence(database_of(workplace, site), nullptr);
}

std::unique_ptr<Database> connect_for_changes(const Workplace& workplace, const Site& site) {
  const SiteDatabase database = database_of(workplace, site);
  auto connection = get_backend(database.app.db_type)
                        .connect(database.for_changes(), {Access::read_write, interruption_requested});
  take_site_lock(*connection, workplace, site);
  return connection;
}

std::vector<App> apps_of(const Workplace& workplace, const Site& site) {
  std::vector<App> apps;
  for (const std::string& name : site.installed_apps()) apps.push_back(workplace.apps.get(name));
  return apps;
}

std::vector<Patch> patches_of(const Workplace& workplace, const Site& site) {
  const Dialect dialect = backend_of(site).dialect;
  std::vector<std::vector<Patch>> by_app;
  for (const App& app : apps_of(workplace, site)) by_app.push_back(read_patches(app, dialect));
  return in_run_order(std::move(by_app));
}

void announce_maintenance(const Workplace& workplace, const Site& site) {
  if (mode_in_maintenance(site.config()) == SiteMode::read_only)
    return workplace.progress.phase("entering read-only maintenance");
  workplace.progress.phase("entering maintenance: the site is closed");
  workplace.progress.note(fmt::format(
      "bench --site {} set-config allow_reads_during_maintenance 1 keeps it readable", site.name()));
}

std::string told_stays(const Site& site) {
  const std::string lifts = SiteConfig::load(site.config_file()).flag("maintenance_mode")
                                ? fmt::format("bench --site {} set-maintenance-mode off", site.name())
                                : "bench set-config -g maintenance_mode 0";
  return fmt::format("the site stays in maintenance, in which it was before: {}", lifts);
}

FileLock lock_and_recover(const Workplace& workplace, const Site& site) {
  FileLock lock = lock_site(site, workplace.wait, &workplace.progress);
  remove_stale_temporaries(site.operations_folder());
  if (interrupted_operations(site, Lock::held).empty()) return lock;
  if (const auto error = attention_needed(recover_locked_site(workplace, site))) throw *error;
  return lock;
}

}  // namespace bench
