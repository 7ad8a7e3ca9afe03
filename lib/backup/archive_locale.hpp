#pragma once

#include <locale.h>

namespace bench {

/// While one is alive, this thread's character set is UTF-8. libarchive converts names between UTF-8 and the
/// locale's character set, and a name that the set does not have (all but ASCII, in the C locale of a cron
/// job) would be lost.
class ArchiveLocale {
 public:
  ArchiveLocale();
  ~ArchiveLocale();
  ArchiveLocale(const ArchiveLocale&) = delete;
  ArchiveLocale& operator=(const ArchiveLocale&) = delete;

 private:
  locale_t m_utf8;
  locale_t m_before;
};

}  // namespace bench
