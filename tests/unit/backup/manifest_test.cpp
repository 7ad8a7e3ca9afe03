#include "backup/manifest.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "backup_fixture.hpp"

using namespace bench;
using namespace bench::test;
using nlohmann::json;

namespace {

Manifest sample() {
  Manifest manifest;
  manifest.tool = "bench 0.1.0";
  manifest.site = "library.example";
  manifest.created = "2026-11-21T03:41:00.123Z";
  manifest.operation = "20261121-034100-backup-1f2e";
  manifest.db_type = "sqlite";
  manifest.db_version = "SQLite 3.40.1";
  manifest.db_name = "library";
  manifest.partial = true;
  manifest.same_moment = true;
  manifest.files = {{"database", "20261121_034100-library_example-database.sql.gz", 5'000'000'000, "ab12"}};
  manifest.skipped_files = {"public/files/link"};
  manifest.changed_files = {"private/files/log"};
  manifest.content = {{{"tabBook", 12, "sha256:cd"}}, "sha256:ef"};
  manifest.apps = {{"core", "0.1.0"}, {"demo", ""}};
  manifest.patches = {{"demo.patches.v1.add_isbn #2024-01-01", "sha256:01"}};
  return manifest;
}

std::string refusal(const json& value) {
  std::string message;
  CHECK(kind_of([&] { manifest_from_json(value.dump(), "/b/x-manifest.json"); }, &message) ==
        Kind::bad_backup);
  return message;
}

}  // namespace

TEST_CASE("a manifest comes back as it was written") {
  const Manifest read = manifest_from_json(to_text(sample()), "/b/x-manifest.json");
  CHECK(to_json(read) == to_json(sample()));
  CHECK(read.files.at(0).size == 5'000'000'000);
  CHECK(read.content == sample().content);
  CHECK(read.apps == sample().apps);
  CHECK(read.patches.at(0).key == "demo.patches.v1.add_isbn #2024-01-01");
  CHECK(read.partial);
  CHECK(read.same_moment);
}

TEST_CASE("a manifest's members have the documented names") {
  const json value = json::parse(to_text(sample()));
  CHECK(value.at("format") == 1);
  CHECK(value.at("database") == json{{"type", "sqlite"}, {"version", "SQLite 3.40.1"}, {"name", "library"}});
  CHECK(value.at("files").at(0) == json{{"role", "database"},
                                        {"name", "20261121_034100-library_example-database.sql.gz"},
                                        {"size", 5'000'000'000},
                                        {"sha256", "ab12"}});
  CHECK(value.at("tables").at(0) == json{{"name", "tabBook"}, {"rows", 12}, {"checksum", "sha256:cd"}});
  CHECK(value.at("apps").at(1) == json{{"name", "demo"}, {"version", ""}});
  CHECK(value.at("skipped_files") == json{"public/files/link"});
  CHECK(value.at("changed_files") == json{"private/files/log"});
}

TEST_CASE("a missing member is named") {
  const json whole = to_json(sample());
  for (const auto& [name, unused] : whole.items()) {
    json value = whole;
    value.erase(name);
    CHECK(refusal(value) == "/b/x-manifest.json: " + name + " is missing");
  }
  json value = whole;
  value["tables"][0].erase("rows");
  CHECK(refusal(value) == "/b/x-manifest.json: tables[0].rows is missing");
}

TEST_CASE("a member of the wrong type is named") {
  json value = to_json(sample());
  value["database"]["version"] = 3;
  CHECK(refusal(value) == "/b/x-manifest.json: database.version is not text");
  value = to_json(sample());
  value["files"][0]["size"] = -1;
  CHECK(refusal(value) == "/b/x-manifest.json: files[0].size is not a number");
  value = to_json(sample());
  value["skipped_files"][0] = json::object();
  CHECK(refusal(value) == "/b/x-manifest.json: skipped_files is not a list of texts");
  value = to_json(sample());
  value["apps"][1] = 7;
  CHECK(refusal(value) == "/b/x-manifest.json: apps[1] is not an object");
  CHECK(refusal(json::array()) == "/b/x-manifest.json: it is not an object");
}

TEST_CASE("an unknown format is refused") {
  json value = to_json(sample());
  value["format"] = 2;
  CHECK(refusal(value) == "/b/x-manifest.json: format 2 is not known");
}

TEST_CASE("text that is no JSON is refused") {
  std::string message;
  CHECK(kind_of([] { manifest_from_json("{\"format\": 1", "/b/m.json"); }, &message) == Kind::bad_backup);
  CHECK(message == "/b/m.json: it is not valid JSON");
}

TEST_CASE("a file name that leads elsewhere is refused") {
  const std::string name = GENERATE("../x.sql", "a/b.sql", "", "..");
  json value = to_json(sample());
  value["files"][0]["name"] = name;
  CHECK(refusal(value) ==
        "/b/x-manifest.json: the file name '" + name + "' is not a plain name or an absolute path");
}

TEST_CASE("names that are not UTF-8 do not lose the manifest") {
  Manifest manifest = sample();
  manifest.skipped_files = {"public/files/\xff"};
  const Manifest read = manifest_from_json(to_text(manifest), "m");
  CHECK(read.skipped_files == std::vector<std::string>{"public/files/\xef\xbf\xbd"});
  manifest.files[0].name = "/\xff.sql";
  CHECK(kind_of([&] { to_text(manifest); }) == Kind::usage);
}

TEST_CASE("a role that a set does not have is nobody's") {
  CHECK(sample().file("database") != nullptr);
  CHECK(sample().file("files") == nullptr);
}
