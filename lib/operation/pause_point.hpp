#pragma once

#include <string_view>

namespace bench {

/// A place at which tests stop bench and kill it. When the environment's BENCH_PAUSE_AT holds `name` (a
/// comma-separated list), the process writes "paused at <name>" to stderr and stops itself with SIGSTOP;
/// SIGCONT lets it go on. Otherwise nothing happens. The names are listed in CONTRIBUTING.md.
void pause_point(std::string_view name);

}  // namespace bench
