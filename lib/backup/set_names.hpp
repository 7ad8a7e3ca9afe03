#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backup/compression.hpp"

namespace bench {

/// Frappe's names of a set's files, for one stamp.
struct SetNames {
  std::string prefix;  ///< `20261121_034100-my_site`
  std::string database, files, private_files, config, manifest;
};
/// `partial` puts `-partial` into the database's name; `archive_compression` turns tar into tgz.
SetNames set_names(const std::string& site, const std::string& stamp, bool partial,
                   Compression database_compression, Compression archive_compression);

inline constexpr std::string_view manifest_suffix = "-manifest.json";

/// The prefix of a name that a file of a set has (also Frappe's own, with `-enc`); nullopt for any other
/// name.
std::optional<std::string> set_prefix_of(std::string_view file_name);

}  // namespace bench
