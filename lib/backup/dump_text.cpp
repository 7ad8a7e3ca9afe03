#include "backup/dump_text.hpp"

#include <algorithm>

#include "base/version.hpp"

namespace bench {

std::string dump_header(const std::string& site, bool partial,
                        const std::vector<std::pair<std::string, std::string>>& apps) {
  const auto frappe = std::ranges::find(apps, "frappe", &std::pair<std::string, std::string>::first);
  std::string text(dump_header_start);
  text += std::string(version()) + "\n";
  // Frappe's restore looks for these two words before it accepts a partial dump.
  if (partial) text += "-- Partial Backup of site " + site + "\n";
  text += "-- begin frappe metadata\n-- [frappe]\n-- version = ";
  text += frappe == apps.end() ? std::string(version()) : frappe->second;
  text += "\n-- branch = N/A\n-- end frappe metadata\n\n";
  return text;
}

void DumpWatch::see(std::string_view bytes) {
  if (m_head.size() < dump_header_start.size())
    m_head += bytes.substr(0, dump_header_start.size() - m_head.size());
  if (bytes.size() >= dump_footer.size()) {
    m_tail = bytes.substr(bytes.size() - dump_footer.size());
    return;
  }
  m_tail += bytes;
  if (m_tail.size() > dump_footer.size()) m_tail.erase(0, m_tail.size() - dump_footer.size());
}

}  // namespace bench
