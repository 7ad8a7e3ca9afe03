#include "backup/verify.hpp"

#include <future>
#include <string>
#include <system_error>

#include "backup/archive.hpp"
#include "backup/backup_set.hpp"
#include "backup/compression.hpp"
#include "backup/dump_text.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "operation/interruption.hpp"

namespace bench {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& why) {
  throw Error(Kind::bad_backup, file.string() + ": " + why);
}

void check_size(const std::filesystem::path& file, const FileFacts& facts) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory) fail(file, "the file is missing");
  if (error) throw system_error("cannot read " + file.string(), error.value());
  if (size != facts.size)
    fail(file,
         "it has " + std::to_string(size) + " bytes, and the manifest says " + std::to_string(facts.size));
}

void check_dump(const std::filesystem::path& file, const std::function<void(std::uint64_t)>& advance) {
  Decompressor source(file);
  DumpWatch watch;
  std::string buffer(std::size_t{256} << 10, '\0');
  while (const std::size_t count = source.read(buffer)) {
    throw_if_interrupted();
    watch.see({buffer.data(), count});
    advance(source.consumed());
  }
  if (!watch.ends_in_footer()) fail(file, "the dump does not end in its footer: it is cut off");
}

}  // namespace

void verify_file(const std::filesystem::path& file, const FileFacts& facts,
                 const std::function<void(std::uint64_t)>& advance) {
  check_size(file, facts);
  std::future<std::string> digest =
      std::async(std::launch::async, [&] { return sha256_of_file(file, throw_if_interrupted); });
  if (facts.role == "database") check_dump(file, advance);
  if (facts.role == "files" || facts.role == "private-files") check_archive(file, advance);
  if (digest.get() != facts.sha256) fail(file, "its SHA-256 is not what the manifest says");
  advance(facts.size);
}

}  // namespace bench
