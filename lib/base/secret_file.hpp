#pragma once

#include <string>
#include <string_view>

#include "base/file.hpp"

namespace bench {

/// A text for a child process that only we and it can read. It is in memory and has no name, so that nothing
/// of it is left when we are killed. The child inherits the descriptor (ChildCommand::inherited).
class SecretFile {
 public:
  explicit SecretFile(std::string_view text);
  int descriptor() const { return m_file.get(); }
  /// As the child sees it.
  std::string path() const;

 private:
  FileDescriptor m_file;
};

}  // namespace bench
