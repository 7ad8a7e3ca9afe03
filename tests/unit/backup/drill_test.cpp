#include <catch2/catch.hpp>

#include "backup_fixture.hpp"
#include "database/backend.hpp"
#include "support/databases.hpp"

using namespace bench;
using namespace bench::test;

namespace {

/// Keeps the text it is given and tells what it is told to tell.
class TextScratch : public Scratch {
 public:
  std::vector<LeftOut> load(const ByteSource& source, const std::function<void(std::uint64_t)>& advance,
                            Extent extent) override {
    loaded = extent;
    std::vector<char> buffer(1000);
    while (const std::size_t count = source(buffer)) {
      text.append(buffer.data(), count);
      advance(text.size());
    }
    return left_out;
  }
  void check() override { checked = true; }
  ContentSummary summarize() override { return summary; }
  Database& connection() override { throw Error(Kind::unexpected, "a text has no connection"); }
  void swap_in(Database&, const std::function<void()>&, Progress*) override {}

  Extent loaded = Extent::whole;
  std::vector<LeftOut> left_out;

  std::string text;
  bool checked = false;
  ContentSummary summary{{{"tabBook", 2, "sha256:11"}, {"tabLoan", 0, "sha256:22"}}, "sha256:33"};
};

struct Drill : SiteFixture {
  TextScratch scratch;
  std::string refusal(const BackupSet& set) {
    std::string message;
    CHECK(kind_of([&] { drill_set(set, scratch, progress); }, &message) == Kind::bad_backup);
    const std::string start = set.name() + ": what was restored is not what was backed up: ";
    CHECK(message.substr(0, start.size()) == start);
    return message.substr(std::min(start.size(), message.size()));
  }
};

}  // namespace

TEST_CASE_METHOD(Drill, "a drill loads the whole dump, checks it and compares it") {
  drill_set(create(), scratch, progress);
  CHECK(scratch.checked);
  CHECK(scratch.text.find("CREATE TABLE \"tabBook\"(name TEXT);\n") != std::string::npos);
  CHECK(scratch.text.ends_with(dump_footer));
}

TEST_CASE_METHOD(Drill, "tables that differ are named") {
  const BackupSet set = create();
  scratch.summary.tables = {{"tabBook", 1, "sha256:11"}, {"tabNew", 0, "sha256:22"}};
  CHECK(
      refusal(set) ==
      "table 'tabBook' has 1 rows, not 2; table 'tabLoan' is missing; table 'tabNew' is not in the manifest");
}

TEST_CASE_METHOD(Drill, "other content in as many rows is found") {
  const BackupSet set = create();
  scratch.summary.tables[0].checksum = "sha256:12";
  CHECK(refusal(set) == "table 'tabBook' has other content");
}

TEST_CASE_METHOD(Drill, "another schema is found") {
  const BackupSet set = create();
  scratch.summary.schema_fingerprint = "sha256:34";
  CHECK(refusal(set) == "the definitions of tables, indexes, views or triggers differ");
}

TEST_CASE_METHOD(Drill, "of a partial set, what could not be loaded is answered, and all else is compared") {
  request.selection.includes = {"tabBook", "tabLoan"};
  const BackupSet set = create();
  scratch.left_out = {{"tabLoan", "CREATE TABLE tabLoan ..."}, {"", "CREATE VIEW shelf ..."}};
  scratch.summary.tables.pop_back();
  scratch.summary.schema_fingerprint = "sha256:34";
  const auto left_out = drill_set(set, scratch, progress);
  CHECK(scratch.loaded == Scratch::Extent::part);
  REQUIRE(left_out.size() == 2);
  scratch.summary.tables[0].checksum = "sha256:12";
  CHECK(refusal(set) == "table 'tabBook' has other content");
  scratch.summary.tables.clear();
  CHECK(refusal(set) == "table 'tabBook' is missing");
  scratch.left_out.clear();
  CHECK(refusal(set) == "table 'tabBook' is missing; table 'tabLoan' is missing");
}

TEST_CASE_METHOD(Drill, "many differences are counted") {
  const BackupSet set = create();
  scratch.summary.tables.clear();
  for (char name = 'a'; name < 'h'; ++name) scratch.summary.tables.push_back({std::string(1, name), 0, ""});
  CHECK(refusal(set) ==
        "table 'tabBook' is missing; table 'tabLoan' is missing; table 'a' is not in the manifest; "
        "table 'b' is not in the manifest; table 'c' is not in the manifest; and 4 more");
}

TEST_CASE_METHOD(Drill, "a dump of another tool needs no footer") {
  write_text(bench / "dump.sql.gz", compressed(Compression::gzip, "CREATE TABLE a(b);\n"));
  load_dump(bench / "dump.sql.gz", scratch, progress);
  CHECK(scratch.text == "CREATE TABLE a(b);\n");
}

TEST_CASE_METHOD(Drill, "a dump of ours that was cut off between two members is refused") {
  exporter = TextExporter(std::string(3 << 20, 'x'));
  const BackupSet set = create();
  const std::string bytes = read_text(*set.file("database"));
  const std::size_t second_member = bytes.find(bytes.substr(0, 10), 10);
  REQUIRE(second_member != std::string::npos);
  write_text(bench / "cut.sql.gz", bytes.substr(0, second_member));
  std::string message;
  CHECK(kind_of([&] { load_dump(bench / "cut.sql.gz", scratch, progress); }, &message) == Kind::bad_backup);
  CHECK(message == (bench / "cut.sql.gz").string() + ": the dump does not end in its footer: it is cut off");
}

TEST_CASE_METHOD(SiteFixture,
                 "a set of a real database passes its drill, and another database's manifest does not") {
  const TestDatabase& kind = test_databases().front();
  const SiteDatabase settings = make_database(kind, bench.path());
  const auto database = open(settings);
  database->execute("CREATE TABLE tabBook (name TEXT PRIMARY KEY, title TEXT, price REAL, cover BLOB)");
  database->execute(
      "INSERT INTO tabBook VALUES ('b1', 'It''s; -- a \"title\"', 1.1, x'00ff'), ('b2', NULL, -0.5, '')");
  const Backend& backend = get_backend(kind.db_type);
  const auto set_now = [&] {
    const auto snapshot = backend.open_exporter(settings.app, {Access::read_only, {}});
    return create_set(site, *snapshot, request, progress);
  };
  const auto drill = [&](const BackupSet& set) {
    std::filesystem::create_directories(bench / "scratch");
    const auto scratch = backend.make_scratch(settings, {}, bench / "scratch", "test");
    drill_set(set, *scratch, progress);
  };
  const BackupSet before = set_now();
  CHECK_NOTHROW(drill(before));
  database->execute("UPDATE tabBook SET price = 1.2 WHERE name = 'b1'");
  const BackupSet after = set_now();
  Manifest mixed = after.manifest();
  mixed.content = before.manifest().content;
  write_text(after.manifest_file(), to_text(mixed));
  std::string message;
  CHECK(kind_of([&] { drill(BackupSet::load(after.manifest_file())); }, &message) == Kind::bad_backup);
  CHECK(message ==
        after.name() + ": what was restored is not what was backed up: table 'tabBook' has other content");
  CHECK(names_in(bench / "scratch").empty());
}
