#include "operation/site_lock.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"

namespace bench {

namespace {

std::string holder_of(const Site& site) {
  for (const Operation& operation : Operation::list(site))
    if (operation.state() == OperationState::running)
      return fmt::format("{} {} (pid {} on {}, since {})", operation.kind(), operation.id(),
                         operation.record().value("pid", 0), operation.record().value("host", "?"),
                         operation.record().value("started", "?"));
  return "another process";
}

}  // namespace

FileLock lock_site(const Site& site, std::chrono::milliseconds wait) {
  // While bench waits, the site may be dropped: its folder must not be made anew by the lock's file.
  const auto give_up = [&site] {
    throw_if_interrupted();
    if (!std::filesystem::exists(site.path()))
      throw Error(Kind::configuration, fmt::format("there is no site '{}' any more", site.name()));
  };
  give_up();
  auto lock = FileLock::acquire(site.operation_lock(), wait, give_up);
  give_up();
  if (lock) return std::move(*lock);
  throw Error(Kind::busy, fmt::format("{} is busy: held by {}", site.name(), holder_of(site)),
              "wait until it is done, or give --wait 10m");
}

}  // namespace bench
