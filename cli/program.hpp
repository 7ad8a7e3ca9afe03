#pragma once

#include <string>
#include <vector>

namespace bench::cli {

/// The whole program, from its arguments (without argv[0]) to its exit code.
int run_program(const std::vector<std::string>& arguments);

}  // namespace bench::cli
