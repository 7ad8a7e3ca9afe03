#include "backup/set_names.hpp"

#include <catch2/catch.hpp>

using namespace bench;

TEST_CASE("a set's files have Frappe's names") {
  const SetNames names = set_names("my.site", "20261121_034100", false, Compression::gzip, Compression::none);
  CHECK(names.prefix == "20261121_034100-my_site");
  CHECK(names.database == "20261121_034100-my_site-database.sql.gz");
  CHECK(names.files == "20261121_034100-my_site-files.tar");
  CHECK(names.private_files == "20261121_034100-my_site-private-files.tar");
  CHECK(names.config == "20261121_034100-my_site-site_config_backup.json");
  CHECK(names.manifest == "20261121_034100-my_site-manifest.json");
}

TEST_CASE("names say what is partial and how it is compressed") {
  const SetNames gzip = set_names("s", "20261121_034100", true, Compression::none, Compression::gzip);
  CHECK(gzip.database == "20261121_034100-s-partial-database.sql");
  CHECK(gzip.files == "20261121_034100-s-files.tgz");
  const SetNames zstd = set_names("s", "20261121_034100", false, Compression::zstd, Compression::zstd);
  CHECK(zstd.database == "20261121_034100-s-database.sql.zst");
  CHECK(zstd.private_files == "20261121_034100-s-private-files.tar.zst");
}

TEST_CASE("every file of a set leads to its prefix") {
  const auto partial = GENERATE(true, false);
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  const SetNames names = set_names("a-b.c", "20261121_034100", partial, compression, compression);
  for (const std::string& name :
       {names.database, names.files, names.private_files, names.config, names.manifest})
    CHECK(set_prefix_of(name) == "20261121_034100-a-b_c");
}

TEST_CASE("encrypted files of Frappe are known") {
  for (const char* name :
       {"20261121_034100-s-database-enc.sql.gz", "20261121_034100-s-partial-database-enc.sql.gz",
        "20261121_034100-s-files-enc.tar", "20261121_034100-s-private-files-enc.tgz",
        "20261121_034100-s-site_config_backup-enc.json"})
    CHECK(set_prefix_of(name) == "20261121_034100-s");
}

TEST_CASE("other names are nobody's") {
  for (const char* name :
       {"notes.txt", "20261121_034100-s", "20261121_034100-s.sql.gz", "20261121-034100-s-database.sql",
        "2026112a_034100-s-database.sql", "-database.sql", "20261121_034100-database.sql",
        ".20261121_034100-s-manifest.json.1.1.bench-tmp", ""})
    CHECK(set_prefix_of(name) == std::nullopt);
}
