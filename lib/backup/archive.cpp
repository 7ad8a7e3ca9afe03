#include "backup/archive.hpp"

#include "backup/archive_module.hpp"
#include "base/module.hpp"

namespace bench {

namespace {

const ArchiveModule& loaded() {
  static const ArchiveModule* const module =
      reinterpret_cast<const ArchiveModule* (*)()>(module_entry("archive", "bench_archive_module"))();
  return *module;
}

}  // namespace

ArchiveReport write_archive(const std::filesystem::path& folder, std::string_view prefix,
                            const ByteSink& sink) {
  return loaded().write(folder, prefix, sink);
}

std::string check_archive(const std::filesystem::path& archive,
                          const std::function<void(std::uint64_t)>& advance) {
  return loaded().check(archive, advance);
}

void extract_archive(const std::filesystem::path& archive, const std::filesystem::path& target) {
  loaded().extract(archive, target);
}

}  // namespace bench
