#include <chrono>
#include <system_error>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file_lock.hpp"
#include "config/site_config.hpp"

namespace bench {

namespace {

constexpr std::chrono::seconds patience{10};

FileLock lock(const std::filesystem::path& path) {
  auto result = FileLock::acquire(path, patience);
  if (result) return std::move(*result);
  throw Error(Kind::busy,
              fmt::format("another process has held {} for {} seconds", path.string(), patience.count()),
              fmt::format("see who holds it with 'fuser -v {}'", path.string()));
}

/// Where a symbolic link leads, for it is there that the temporary file lies.
std::filesystem::path real_folder_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(file, error);
  if (error) throw system_error(fmt::format("cannot follow '{}'", file.string()), error.value());
  return real.parent_path();
}

void no_pause(std::string_view) {}

}  // namespace

void (*edit_config_pause)(std::string_view point) = no_pause;

bool edit_config(const std::filesystem::path& file, const ConfigLocks& locks,
                 const std::function<void(SiteConfig&)>& change) {
  const FileLock frappe = lock(locks.frappe);
  const FileLock pilot = lock(locks.pilot);
  edit_config_pause("config.locked");
  remove_stale_temporaries(real_folder_of(file));
  SiteConfig config = SiteConfig::load(file);
  const std::string before = config.text();
  change(config);
  if (config.text() == before) return false;
  AtomicFile replacement(file);
  replacement.write(config.text());
  edit_config_pause("config.written");
  replacement.commit();
  edit_config_pause("config.renamed");
  return true;
}

}  // namespace bench
