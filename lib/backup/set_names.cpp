#include "backup/set_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bench {
namespace {

constexpr std::size_t stamp_size = std::string_view("20261121_034100").size();

std::string_view archive_suffix(Compression compression) {
  switch (compression) {
    case Compression::none:
      return ".tar";
    case Compression::gzip:
      return ".tgz";
    case Compression::zstd:
      return ".tar.zst";
  }
  return ".tar";
}

/// What the end of a name says; longer ends first, where one is the end of another.
constexpr std::array endings{"-manifest.json",
                             "-site_config_backup.json",
                             "-site_config_backup-enc.json",
                             "-partial-database.sql",
                             "-partial-database-enc.sql",
                             "-database.sql",
                             "-database-enc.sql",
                             "-private-files",
                             "-private-files-enc",
                             "-files",
                             "-files-enc"};

/// Without `.gz`, `.tgz` and the like.
std::string_view without_compression(std::string_view name) {
  for (const std::string_view end : {".tar.gz", ".tar.zst", ".tar", ".tgz", ".gz", ".zst"})
    if (name.ends_with(end)) return name.substr(0, name.size() - end.size());
  return name;
}

bool starts_with_stamp(std::string_view name) {
  if (name.size() <= stamp_size + 1 || name[stamp_size] != '-' || name[8] != '_') return false;
  const std::string_view stamp = name.substr(0, stamp_size);
  return std::ranges::count_if(stamp, [](char c) { return c >= '0' && c <= '9'; }) ==
         static_cast<std::ptrdiff_t>(stamp_size - 1);
}

}  // namespace

SetNames set_names(const std::string& site, const std::string& stamp, bool partial,
                   Compression database_compression, Compression archive_compression) {
  SetNames names;
  names.prefix = fmt::format("{}-{}", stamp, site);
  std::replace(names.prefix.begin(), names.prefix.end(), '.', '_');
  const std::string_view archive = archive_suffix(archive_compression);
  names.database = fmt::format("{}{}-database.sql{}", names.prefix, partial ? "-partial" : "",
                               suffix(database_compression));
  names.files = fmt::format("{}-files{}", names.prefix, archive);
  names.private_files = fmt::format("{}-private-files{}", names.prefix, archive);
  names.config = fmt::format("{}-site_config_backup.json", names.prefix);
  names.manifest = fmt::format("{}{}", names.prefix, manifest_suffix);
  return names;
}

std::optional<std::string> set_prefix_of(std::string_view file_name) {
  if (!starts_with_stamp(file_name)) return std::nullopt;
  const std::string_view name = without_compression(file_name);
  for (const std::string_view ending : endings)
    if (name.ends_with(ending) && name.size() > ending.size() + stamp_size)
      return std::string(name.substr(0, name.size() - ending.size()));
  return std::nullopt;
}

}  // namespace bench
