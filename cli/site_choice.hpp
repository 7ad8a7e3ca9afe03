#pragma once

#include <string>
#include <vector>

#include "site/bench_folder.hpp"

namespace bench::cli {

/// The sites that a command is for: those named (`all`, patterns and names, each once, in their order), else
/// the one in FRAPPE_SITE, else the common config's default_site. Error{usage} when nothing chooses one,
/// Error{configuration} when what was chosen does not exist.
std::vector<Site> choose_sites(const BenchFolder& bench, const std::vector<std::string>& named);

}  // namespace bench::cli
