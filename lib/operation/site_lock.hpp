#pragma once

#include <chrono>

#include "base/file_lock.hpp"
#include "base/progress.hpp"
#include "site/site.hpp"

namespace bench {

/// The site's operation lock. Every command that changes a site's database, files or mode holds it; a child
/// that can write inherits its descriptor, so that an orphan keeps the site busy. Error{busy} names the
/// holder (operation, pid, since when) when it is not free within `wait`; who waits longer than a second is
/// told so by `progress`.
FileLock lock_site(const Site& site, std::chrono::milliseconds wait, Progress* progress = nullptr);

}  // namespace bench
