#include "backup/archive_locale.hpp"

#include <cerrno>

#include "base/error.hpp"

namespace bench {

ArchiveLocale::ArchiveLocale() : m_utf8(newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})) {
  if (m_utf8 == locale_t{}) throw system_error("cannot use the locale C.UTF-8", errno);
  m_before = uselocale(m_utf8);
}

ArchiveLocale::~ArchiveLocale() {
  uselocale(m_before);
  freelocale(m_utf8);
}

}  // namespace bench
