#include "backup/verify.hpp"

#include <catch2/catch.hpp>

#include "backup_fixture.hpp"

using namespace bench;
using namespace bench::test;

namespace {

struct OneSet : SiteFixture {
  std::string refusal(const BackupSet& set) {
    std::string message;
    CHECK(kind_of([&] { verify_set(set, progress); }, &message) == Kind::bad_backup);
    const std::string folder = request.folder.string() + "/" + set.name();
    CHECK(message.substr(0, folder.size()) == folder);
    return message.substr(std::min(folder.size(), message.size()));
  }
};

FileFacts facts_of(const std::string& role, const std::string& bytes) {
  return {role, "file", bytes.size(), sha256(bytes)};
}

}  // namespace

TEST_CASE_METHOD(OneSet, "a set that was just made is good") {
  const BackupSet set = create();
  CHECK_NOTHROW(verify_set(set, progress));
}

TEST_CASE_METHOD(OneSet, "a missing file is named") {
  const BackupSet set = create();
  std::filesystem::remove(*set.file("files"));
  CHECK(refusal(set) == "-files.tar: the file is missing");
}

TEST_CASE_METHOD(OneSet, "a file of another size is named") {
  const BackupSet set = create();
  write_text(*set.file("config"), "{}");
  CHECK(refusal(set) == "-site_config_backup.json: it has 2 bytes, and the manifest says 26");
}

TEST_CASE_METHOD(OneSet, "one changed byte is found") {
  const BackupSet set = create();
  std::string text = read_text(*set.file("config"));
  text[3] = 'X';
  write_text(*set.file("config"), text);
  CHECK(refusal(set) == "-site_config_backup.json: its SHA-256 is not what the manifest says");
}

TEST_CASE("a dump that lacks its footer is cut off, even with the right hash") {
  const TemporaryFolder folder;
  const auto none = [](std::uint64_t) {};
  const std::string whole = compressed(Compression::gzip, "SELECT 1;\n" + std::string(dump_footer));
  write_text(folder / "whole", whole);
  CHECK_NOTHROW(verify_file(folder / "whole", facts_of("database", whole), none));
  const std::string cut = compressed(Compression::gzip, "SELECT 1;\n");
  write_text(folder / "cut", cut);
  std::string message;
  CHECK(kind_of([&] { verify_file(folder / "cut", facts_of("database", cut), none); }, &message) ==
        Kind::bad_backup);
  CHECK(message == (folder / "cut").string() + ": the dump does not end in its footer: it is cut off");
}

TEST_CASE("an archive that does not read to its end is found, even with the right hash") {
  const TemporaryFolder folder;
  const std::string bytes(512, 'x');
  write_text(folder / "a.tar", bytes);
  CHECK(kind_of([&] { verify_file(folder / "a.tar", facts_of("files", bytes), [](std::uint64_t) {}); }) ==
        Kind::bad_backup);
}

TEST_CASE("progress reaches the file's size") {
  const TemporaryFolder folder;
  write_text(folder / "config", "{}");
  std::uint64_t last = 0;
  verify_file(folder / "config", facts_of("config", "{}"), [&](std::uint64_t read) { last = read; });
  CHECK(last == 2);
}
