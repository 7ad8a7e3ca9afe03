#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "backup/file_writer.hpp"

namespace bench {

/// Stream verification of one file of a set, under whatever name it has now: it is there with the size and
/// SHA-256 of `facts`, a dump decompresses to its footer, an archive reads to its end. Error{bad_backup} says
/// which file and why. `advance` is told how many bytes of the file were read.
void verify_file(const std::filesystem::path& file, const FileFacts& facts,
                 const std::function<void(std::uint64_t)>& advance);

}  // namespace bench
