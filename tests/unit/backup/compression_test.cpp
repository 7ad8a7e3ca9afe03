#include "backup/compression.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>

#include "backup_fixture.hpp"

using namespace bench;
using namespace bench::test;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

/// Half of it compresses well and half does not, so that members differ in size.
std::string sample(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, 'x');
  for (std::size_t i = 0; i < size; ++i)
    if ((i / 100'000) % 2 == 1) text[i] = static_cast<char>(random());
  return text;
}

std::string file_of(const TemporaryFolder& folder, const std::string& bytes) {
  write_text(folder / "file", bytes);
  return (folder / "file").string();
}

}  // namespace

TEST_CASE("what is compressed is decompressed to the same bytes") {
  const TemporaryFolder folder;
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  const std::size_t size = GENERATE(as<std::size_t>{}, 0, 1, mebi - 1, mebi, mebi + 1, 9 * mebi + 17);
  const std::string text = sample(size);
  std::string out;
  Compressor compressor(compression, [&](std::string_view bytes) { out += bytes; });
  for (std::size_t i = 0; i < text.size(); i += 333'333)
    compressor.write(std::string_view(text).substr(i, 333'333));
  compressor.finish();
  CHECK((decompressed(file_of(folder, out)) == text));
}

TEST_CASE("gzip and zstd themselves read what was compressed") {
  const TemporaryFolder folder;
  const std::string text = sample(3 * mebi + 5);
  const auto [compression, program] =
      GENERATE(table<Compression, std::string>({{Compression::gzip, "gzip"}, {Compression::zstd, "zstd"}}));
  const std::string path = file_of(folder, compressed(compression, text));
  const ChildResult result = run_program({program, "-dc", path});
  CHECK(result.exit_code == 0);
  CHECK((result.stdout_text == text));
}

TEST_CASE("a gzip stream has one member a mebibyte, compressed by itself") {
  const std::string text(2 * mebi + 1, 'a');
  const std::string whole = compressed(Compression::gzip, text);
  const std::string one = compressed(Compression::gzip, std::string_view(text).substr(0, mebi));
  const std::string last = compressed(Compression::gzip, "a");
  CHECK((whole == one + one + last));
}

TEST_CASE("a stream that is cut off is told from a whole one") {
  const TemporaryFolder folder;
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  const std::string whole = compressed(compression, sample(mebi / 2));
  const std::size_t missing = GENERATE(as<std::size_t>{}, 1, 4, 8, 1000);
  const std::string path = file_of(folder, whole.substr(0, whole.size() - missing));
  std::string message;
  CHECK(kind_of([&] { decompressed(path); }, &message) == Kind::bad_backup);
  CHECK(message == path + ": the file is cut off");
}

TEST_CASE("a broken byte anywhere is found") {
  const TemporaryFolder folder;
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  std::string bytes = compressed(compression, sample(mebi / 2));
  const int place = GENERATE(1, 2, 3);
  bytes[bytes.size() * static_cast<std::size_t>(place) / 4] ^= 0x10;
  const std::string path = file_of(folder, bytes);
  CHECK(kind_of([&] { decompressed(path); }) == Kind::bad_backup);
}

TEST_CASE("bytes after the compressed stream are found") {
  const TemporaryFolder folder;
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  const std::string path = file_of(folder, compressed(compression, "text") + "garbage");
  CHECK(kind_of([&] { decompressed(path); }) == Kind::bad_backup);
}

TEST_CASE("the sink's error reaches the writer, and the threads end") {
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  Compressor compressor(compression, [](std::string_view) { throw std::runtime_error("disk full"); });
  const std::string text = sample(mebi);
  const auto write_much = [&] {
    for (int i = 0; i < 40; ++i) compressor.write(text);
    compressor.finish();
  };
  CHECK_THROWS_WITH(write_much(), "disk full");
}

TEST_CASE("pieces leave while more is written, so that memory stays bounded") {
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  std::size_t sent = 0;
  Compressor compressor(compression, [&](std::string_view bytes) { sent += bytes.size(); });
  const std::string text = sample(mebi);
  for (int i = 0; i < 200; ++i) compressor.write(text);
  CHECK(sent > 20 * mebi);
}

TEST_CASE("a file that does not exist is named") {
  std::string message;
  CHECK(kind_of([] { Decompressor("/nonexistent/dump.sql.gz"); }, &message) != Kind::answer_yes);
  CHECK(message.find("/nonexistent/dump.sql.gz") != std::string::npos);
}
