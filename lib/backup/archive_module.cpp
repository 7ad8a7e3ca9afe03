#include "backup/archive_module.hpp"

extern "C" const bench::ArchiveModule* bench_archive_module() {
  static constexpr bench::ArchiveModule module{.write = bench::archive_module::write,
                                               .check = bench::archive_module::check,
                                               .extract = bench::archive_module::extract};
  return &module;
}
