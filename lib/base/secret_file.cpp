#include "base/secret_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.hpp"

namespace bench {

SecretFile::SecretFile(std::string_view text) : m_file(memfd_create("bench-secret", MFD_CLOEXEC)) {
  if (!m_file || fchmod(m_file.get(), 0600) != 0) throw system_error("cannot keep a secret in memory", errno);
  write_all(m_file.get(), text, path());
}

std::string SecretFile::path() const {
  return fmt::format("/proc/self/fd/{}", m_file.get());
}

}  // namespace bench
