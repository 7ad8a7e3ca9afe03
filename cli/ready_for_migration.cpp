#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/file_lock.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

Outcome readiness_of(const Site& site) {
  const bool busy = FileLock::is_held(site.operation_lock());
  Outcome outcome;
  outcome.result["ready"] = !busy;
  if (busy) {
    outcome.error = Error(Kind::busy, fmt::format("an operation holds {}", site.name()),
                          fmt::format("bench --site {} operations shows it", site.name()));
  } else {
    outcome.text = fmt::format("{}: ready\n", site.name());
  }
  return outcome;
}

}  // namespace

Run declare_ready_for_migration(CLI::App& app) {
  examples(app, {"bench --site develop ready-for-migration"});
  return [](Context& context) { context.for_each_site(readiness_of, {{"ready", false}}); };
}

}  // namespace bench::cli
