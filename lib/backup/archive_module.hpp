#pragma once

#include "backup/archive.hpp"

namespace bench {

/// The functions of archive.hpp as the module `archive` has them, on libarchive.
struct ArchiveModule {
  ArchiveReport (*write)(const std::filesystem::path& folder, std::string_view prefix, const ByteSink& sink);
  std::string (*check)(const std::filesystem::path& archive,
                       const std::function<void(std::uint64_t)>& advance);
  void (*extract)(const std::filesystem::path& archive, const std::filesystem::path& target);
};

namespace archive_module {

ArchiveReport write(const std::filesystem::path& folder, std::string_view prefix, const ByteSink& sink);
std::string check(const std::filesystem::path& archive, const std::function<void(std::uint64_t)>& advance);
void extract(const std::filesystem::path& archive, const std::filesystem::path& target);

}  // namespace archive_module

}  // namespace bench
