#include "backup/file_writer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"

namespace bench {

BackupFile::BackupFile(std::string role, std::string name, const std::filesystem::path& path)
    : m_role(std::move(role)), m_name(std::move(name)), m_path(path), m_file(path, 0600) {
  // A file that is replaced may have been open to others; what a backup holds must not be.
  if (::fchmod(m_file.descriptor(), 0600) != 0)
    throw system_error("cannot set the mode of " + m_path.string(), errno);
}

void BackupFile::write(std::string_view bytes) {
  m_file.write(bytes);
  m_digest.update(bytes);
  m_size += bytes.size();
}

FileFacts BackupFile::finish() {
  while (::fsync(m_file.descriptor()) != 0)
    if (errno != EINTR) throw system_error("cannot write " + m_path.string(), errno);
  return {m_role, m_name, m_size, m_digest.finish()};
}

}  // namespace bench
