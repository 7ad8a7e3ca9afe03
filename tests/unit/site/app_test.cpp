#include "site/app.hpp"

#include <catch2/catch.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::error_of;
using bench::test::message_of;

namespace {

struct Place {
  test::TemporaryFolder folder;
  std::filesystem::path app = folder / "shop";

  Place() { make_folders(app); }
  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    make_folders((app / path).parent_path());
    write_file_atomically(app / path, text, mode);
  }
  App read() const { return read_app("shop", app); }
  App read(const std::string& manifest) const {
    write("app.yaml", manifest);
    return read();
  }
  /// What reading this manifest answers, without the path before it.
  std::string refusal(const std::string& manifest) const {
    const std::string message = message_of([&] { read(manifest); });
    const std::string prefix = (app / "app.yaml").string() + ":";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }
};

}  // namespace

TEST_CASE("an app without app.yaml is one with patches.txt") {
  const Place place;
  CHECK(message_of([&] { place.read(); }) ==
        "'" + place.app.string() + "' is not an app: it has no app.yaml and no patches.txt");
  place.write("patches.txt", "");
  const App app = place.read();
  CHECK(app.name == "shop");
  CHECK(app.title == "shop");
  CHECK(app.version.empty());
  CHECK(app.manifest.empty());
  CHECK(app.format == PatchFormat::patches_txt);
  CHECK(app.patch_folder("sqlite") == place.app);
}

TEST_CASE("a whole manifest is read") {
  const Place place;
  place.write("hooks/stop", "#!/bin/sh\n", 0755);
  place.write("hooks/start", "#!/bin/sh\n", 0755);
  place.write("sql/lite/1.sql", "");
  place.write("sql/pg/1.sql", "");
  const App app = place.read(R"(
name: shop
title: The shop
version: 1.10
patches: {format: sql, path: {sqlite: sql/lite, postgres: sql/pg/}}
hooks:
  before_migrate: [hooks/stop]
  after_migrate: [hooks/start, ./hooks/stop]
  on_undo: []
read_only: true
session:
  mariadb: ["SET foreign_key_checks = 0"]
)");
  CHECK(app.title == "The shop");
  CHECK(app.version == "1.10");
  CHECK(app.manifest == place.app / "app.yaml");
  CHECK(app.format == PatchFormat::plain_sql);
  CHECK(app.patch_folder("sqlite") == place.app / "sql/lite");
  CHECK(app.patch_folder("postgres") == place.app / "sql/pg");
  CHECK(app.patch_folder("mariadb") == std::nullopt);
  CHECK(app.before_migrate == std::vector<std::string>{(place.app / "hooks/stop").string()});
  CHECK(app.after_migrate ==
        std::vector<std::string>{(place.app / "hooks/start").string(), (place.app / "hooks/stop").string()});
  CHECK(app.on_undo.empty());
  CHECK(app.declares_read_only);
  CHECK(app.session ==
        std::map<std::string, std::vector<std::string>>{{"mariadb", {"SET foreign_key_checks = 0"}}});
}

TEST_CASE("each format has its name, and one folder serves all databases") {
  const Place place;
  place.write("db/patches.txt", "");
  for (const auto format : {PatchFormat::patches_txt, PatchFormat::golang_migrate, PatchFormat::diesel,
                            PatchFormat::flyway, PatchFormat::plain_sql}) {
    const App app = place.read("patches:\n  format: " + std::string(name(format)) + "\n  path: db\n");
    CHECK(app.format == format);
    CHECK(app.patch_folder("mariadb") == place.app / "db");
    CHECK(app.patch_folder("sqlite") == place.app / "db");
  }
  CHECK_FALSE(place.read("patches: {path: db}").declares_read_only);
  CHECK(place.read("patches: {path: db}").format == PatchFormat::patches_txt);
}

TEST_CASE("an app need not have patches") {
  const Place place;
  const App app = place.read("version: 2\n");
  CHECK(app.patch_folders.empty());
  CHECK(app.patch_folder("sqlite") == std::nullopt);
}

TEST_CASE("unknown keys are errors with line, column and a suggestion") {
  const Place place;
  CHECK(place.refusal("version: 1\nverison: 2\n") == "2:1: unknown key 'verison'");
  CHECK(error_of([&] { place.read("verison: 2\n"); })->hint() == "did you mean 'version'?");
  CHECK(error_of([&] { place.read("verison: 2\n"); })->kind() == Kind::configuration);
  CHECK(place.refusal("patches: {format: sql, paths: x}\n") == "1:24: unknown key 'paths'");
  CHECK(place.refusal("hooks:\n  before: []\n") == "2:3: unknown key 'before'");
  CHECK(place.refusal("session:\n  oracle: []\n") == "2:3: unknown database 'oracle'");
}

TEST_CASE("values of a wrong kind are errors with line and column") {
  const Place place;
  CHECK(place.refusal("name: blog\n") == "1:7: the app is called 'blog' here, but its folder 'shop'");
  CHECK(place.refusal("read_only: perhaps\n").substr(0, 6) == "1:12: ");
  CHECK(place.refusal("hooks:\n  on_undo: x\n").substr(0, 6) == "2:12: ");
  CHECK(place.refusal("title: [a]\n").substr(0, 5) == "1:8: ");
  CHECK(place.refusal("patches: {format: alembic, path: .}\n") == "1:19: unknown patch format 'alembic'");
  CHECK(place.refusal("patches: {format: diesel}\n") == "1:10: 'path' is missing: the folder of the patches");
  CHECK(place.refusal("patches: {format: sql, path: none}\n") ==
        "1:30: there is no folder 'none' in the app");
  CHECK(place.refusal("patches: {format: patches.txt}\n") ==
        "1:10: there is no patches.txt in '" + place.app.string() + "'");
}

TEST_CASE("no path leaves the app's folder, by its words or by a link") {
  const Place place;
  make_folders(place.folder / "outside");
  make_folders(place.folder / "shop2");
  std::filesystem::create_directory_symlink("../outside", place.app / "link");
  for (const char* path : {"..", "../outside", "../shop2", "link", "/tmp", "a/../../outside", "''"}) {
    CAPTURE(path);
    CHECK(place.refusal("patches: {format: sql, path: " + std::string(path) + "}\n")
              .ends_with("is not a path inside the app's folder"));
  }
  CHECK(place.refusal("hooks: {on_undo: [/bin/true]}\n") ==
        "1:19: '/bin/true' is not a path inside the app's folder");
}

TEST_CASE("hooks are files that can be executed") {
  const Place place;
  place.write("hook", "", 0644);
  CHECK(place.refusal("hooks: {on_undo: [none]}\n") == "1:19: there is no file 'none' in the app");
  CHECK(place.refusal("hooks: {on_undo: [hook]}\n") == "1:19: the hook 'hook' cannot be executed");
}
