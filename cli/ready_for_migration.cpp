#include <fmt/format.h>

#include "base/file_lock.hpp"
#include "context.hpp"
#include "options.hpp"
#include "workflow/decide_site.hpp"

namespace bench::cli {

namespace {

std::optional<Error> why_not_ready(const Site& site) {
  if (FileLock::is_held(site.operation_lock()))
    return Error(Kind::busy, fmt::format("an operation holds {}", site.name()),
                 fmt::format("bench --site {} operations shows it", site.name()));
  try {
    refuse_what_is_not_settled(site);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

Outcome readiness_of(const Site& site) {
  Outcome outcome;
  outcome.error = why_not_ready(site);
  outcome.result["ready"] = !outcome.error;
  if (!outcome.error) outcome.text = fmt::format("{}: ready\n", site.name());
  return outcome;
}

}  // namespace

Run declare_ready_for_migration(CLI::App& app) {
  examples(app, {"bench --site develop ready-for-migration"});
  return [](Context& context) { context.for_each_site(readiness_of, {{"ready", false}}); };
}

}  // namespace bench::cli
