#include "operation/pause_point.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace bench {

void pause_point(std::string_view name) {
  const char* wanted = std::getenv("BENCH_PAUSE_AT");
  if (wanted == nullptr) return;
  if (fmt::format(",{},", wanted).find(fmt::format(",{},", name)) == std::string::npos) return;
  fmt::print(stderr, "paused at {}\n", name);
  std::fflush(stderr);
  raise(SIGSTOP);
}

}  // namespace bench
