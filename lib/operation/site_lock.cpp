#include "operation/site_lock.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"

namespace bench {

namespace {

struct Holder {
  std::string told;
  std::string hint = "wait until it is done, or give --wait 10m";
};

// A child that can write keeps the lock when bench itself was killed.
std::optional<Holder> orphans_of(const Operation& operation, const Site& site) {
  if (operation.process_lives()) return std::nullopt;
  const std::vector<int> pids = FileLock::openers(site.operation_lock());
  if (pids.empty()) return std::nullopt;
  return Holder{fmt::format("{} {} was killed, and what it had started runs on (pid {})", operation.kind(),
                            operation.id(), fmt::join(pids, ", ")),
                fmt::format("wait until that ends, or end it: kill {}; then bench --site {} recover",
                            fmt::join(pids, " "), site.name())};
}

Holder holder_of(const Site& site) {
  for (const Operation& operation : Operation::list(site)) {
    if (operation.state() != OperationState::running) continue;
    if (auto orphans = orphans_of(operation, site)) return *orphans;
    return {fmt::format("held by {} {} (pid {} on {}, since {})", operation.kind(), operation.id(),
                        operation.record().value("pid", 0), operation.record().value("host", "?"),
                        operation.record().value("started", "?"))};
  }
  return {"held by another process"};
}

}  // namespace

FileLock lock_site(const Site& site, std::chrono::milliseconds wait, Progress* progress) {
  // While bench waits, the site may be dropped: its folder must not be made anew by the lock's file.
  WaitNotes notes(progress);
  const auto give_up = [&] {
    throw_if_interrupted();
    notes.still_waiting(
        [&site] { return fmt::format("waiting for {}: {}", site.name(), holder_of(site).told); });
    if (!std::filesystem::exists(site.path()))
      throw Error(Kind::configuration, fmt::format("there is no site '{}' any more", site.name()),
                  "bench list-sites");
  };
  give_up();
  auto lock = FileLock::acquire(site.operation_lock(), wait, give_up);
  give_up();
  if (lock) return std::move(*lock);
  const Holder holder = holder_of(site);
  throw Error(Kind::busy, fmt::format("{} is busy: {}", site.name(), holder.told), holder.hint);
}

}  // namespace bench
