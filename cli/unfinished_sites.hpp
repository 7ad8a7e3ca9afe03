#pragma once

#include "output.hpp"
#include "site/bench_folder.hpp"

namespace bench::cli {

/// Says on stderr which sites an interrupted new-site left behind half made, and what to type.
void tell_unfinished_sites(const BenchFolder& bench, Printer& printer);

}  // namespace bench::cli
