#include "base/version.hpp"

namespace bench {

std::string_view version() {
  return BENCH_VERSION;
}

}  // namespace bench
