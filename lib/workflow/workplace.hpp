#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/file_lock.hpp"
#include "base/progress.hpp"
#include "database/admin_account.hpp"
#include "database/backend.hpp"
#include "migration/plan.hpp"
#include "site/app.hpp"
#include "site/bench_folder.hpp"
#include "site/site.hpp"

namespace bench {

/// What every workflow needs beside its own options.
struct Workplace {
  BenchFolder bench;
  AppFinder apps;
  Progress& progress;
  /// How long to wait for a site that another operation holds.
  std::chrono::milliseconds wait{0};
  AdminChoice admin = {};
};

/// Connects to the site's database with the app's account; long statements end when the user interrupts.
std::unique_ptr<Database> connect(const Site& site, Access access);
/// The same with the account for changes, and with the database's own lock. Error{busy} names who holds that
/// lock when it is not free within the workplace's `wait`; a lock that a dead process of this host left with
/// a statement that the server is still running is waited for in any case.
std::unique_ptr<Database> connect_for_changes(const Workplace& workplace, const Site& site);
SiteDatabase database_of(const Workplace& workplace, const Site& site);
ConnectionSettings settings_of(const Site& site);
/// The fence of a window that stands, or stood, without a connection of this process.
std::unique_ptr<Fence> fence_of(const Workplace& workplace, const Site& site);
const Backend& backend_of(const Site& site);

/// The site's installed apps, `core` first. Error{configuration} when one cannot be found.
std::vector<App> apps_of(const Workplace& workplace, const Site& site);
/// Their patches for the site's database, in run order.
std::vector<Patch> patches_of(const Workplace& workplace, const Site& site);

/// Tells the phase, and which it is: read-only, or closed to readers, too.
void announce_maintenance(const Workplace& workplace, const Site& site);
/// The note on a change that ends in a window that stood before it.
std::string told_stays(const Site& site);

/// Takes the site's operation lock for a command that changes it, and first brings to an end what was
/// interrupted there.
FileLock lock_and_recover(const Workplace& workplace, const Site& site);

}  // namespace bench
