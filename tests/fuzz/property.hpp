#pragma once

#include <cstdio>
#include <cstdlib>

namespace bench::test {

/// Ends the process with a message when a property does not hold: the fuzzer then keeps the input.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

}  // namespace bench::test
