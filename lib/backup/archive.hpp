#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "database/exporter.hpp"

namespace bench {

struct ArchiveReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> skipped;  ///< links, sockets, devices: never archived, each named
  std::vector<std::string>
      changed;  ///< files that grew, shrank or vanished while they were read (still a valid archive)
};

/// Writes `folder` (a link to a folder is followed) as a tar (POSIX ustar, pax headers only where needed)
/// whose members are named `./<prefix>/...`, in sorted order, through `sink`. A `folder` that does not exist
/// gives an archive with the prefix folder only. Names are bytes and stay what they are. Skipped and changed
/// files are named below `prefix`, too.
ArchiveReport write_archive(const std::filesystem::path& folder, std::string_view prefix,
                            const ByteSink& sink);

/// Reads a whole tar (gzip, zstd or plain) without writing anything. Error{bad_backup} when it is broken, cut
/// off, or holds what `extract_archive` refuses. `advance` is told how many bytes of the file were read.
/// Answers what its members lie below: "public/files" or "private/files"; empty when it has none.
std::string check_archive(const std::filesystem::path& archive,
                          const std::function<void(std::uint64_t)>& advance = {});

/// Extracts members named `[./]<anything>/<public|private>/files/...` so that what follows `files/` lands in
/// `target`, which must not exist and whose parent must. Error{bad_backup} for `..`, absolute names, links,
/// devices, and members of another layout; nothing is ever written outside `target`, and after an error
/// `target` is gone. File contents, modes (without set-id bits) and times are kept; owner is the creation
/// owner. Durable when it returns.
void extract_archive(const std::filesystem::path& archive, const std::filesystem::path& target);

}  // namespace bench
