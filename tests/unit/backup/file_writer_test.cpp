#include "backup/file_writer.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "backup_fixture.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("a backup file is counted and hashed as it is written") {
  const TemporaryFolder folder;
  BackupFile file("database", "dump.sql", folder / "dump.sql");
  file.write("one ");
  file.write("two");
  const FileFacts facts = file.finish();
  CHECK(facts.role == "database");
  CHECK(facts.name == "dump.sql");
  CHECK(facts.size == 7);
  CHECK(facts.sha256 == sha256("one two"));
}

TEST_CASE("a backup file has its name only after the commit") {
  const TemporaryFolder folder;
  {
    BackupFile file("database", "dump.sql", folder / "dump.sql");
    file.write("text");
    file.finish();
    CHECK_FALSE(std::filesystem::exists(folder / "dump.sql"));
    CHECK(read_text(file.temporary_path()) == "text");
    file.commit();
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"dump.sql"});
}

TEST_CASE("a backup file that is not committed leaves nothing") {
  const TemporaryFolder folder;
  { BackupFile("database", "dump.sql", folder / "dump.sql").write("text"); }
  CHECK(names_in(folder.path()).empty());
}

TEST_CASE("others cannot read a backup file, whatever it replaces") {
  const TemporaryFolder folder;
  write_text(folder / "dump.sql", "old");
  std::filesystem::permissions(folder / "dump.sql", static_cast<std::filesystem::perms>(0644));
  BackupFile file("database", "dump.sql", folder / "dump.sql");
  file.finish();
  file.commit();
  CHECK(std::filesystem::status(folder / "dump.sql").permissions() ==
        static_cast<std::filesystem::perms>(0600));
}
