#include "unfinished_sites.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "base/file_lock.hpp"

namespace bench::cli {

void tell_unfinished_sites(const BenchFolder& bench, Printer& printer) {
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(bench.unfinished_sites_folder(), absent)) {
    if (entry.path().extension() == ".drops")
      printer.warning(fmt::format("{}: dropping this site was interrupted", entry.path().stem().string()),
                      "bench recover");
    if (!entry.is_directory() || entry.is_symlink()) continue;
    const Site site(bench.path(), entry.path());
    if (FileLock::is_held(site.operation_lock())) continue;
    printer.warning(fmt::format("{}: making this site was interrupted", site.name()), "bench recover");
  }
}

}  // namespace bench::cli
