"""Making, choosing, listing and dropping sites; apps."""

import json
import os
import tempfile

from support import Skipped, contains, equal, lacks


def test_init(place):
    run = place.bench("init", "my bench")
    folder = place.folder / "my bench"
    equal(run.out, f"made the bench {folder}\n")
    assert (folder / "sites/common_site_config.json").is_file()
    assert (folder / "sites/apps.txt").is_file()
    contains(place.bench("init", "my bench", code=2).err, "error: ", "my bench")


def test_init_refuses_a_folder_that_is_not_empty(place):
    (place.folder / "full").mkdir()
    (place.folder / "full/file").write_text("mine")
    place.bench("init", "full", code=2)
    equal(place.tree(place.folder / "full"), ["file"])
    equal(place.bench("--json", "init", "full", code=2).json()["error"]["kind"], "usage")


def test_new_site(place):
    place.make_bench()
    result = place.result("new-site", "develop")
    equal((result["site"], result["db_type"], result["error"]), ("develop", "sqlite", None))
    equal(place.config()["db_type"], "sqlite")
    assert place.database().is_file()
    contains(place.bench("--site", "develop", "list-apps").out, "core")
    equal(place.query("SELECT count(*) FROM sqlite_master WHERE name = 'tabPatch Log'"), [(1,)])
    assert not any(name.startswith("sites/.new/") for name in place.tree())


def test_new_site_with_options(place):
    place.make_bench()
    place.make_app("books", {"0001_a.sql": "CREATE TABLE a (id INTEGER);\n"})
    run = place.bench("new-site", "develop", "--db-name", "mine", "--install-app", "books", "--set-default", "--admin-password", "x",
                      "--db-type", "sqlite")
    equal(place.database().name, "mine.db")
    equal(place.config()["installed_apps"], ["books"])
    contains(run.out, "bench --site develop migrate")
    contains(run.err, "--admin-password can be read by everybody", "shorter than 8 characters")
    equal(place.bench("get-config", "db_name").out, "mine\n")


def test_new_site_refuses(place):
    place.make_bench("develop")
    before = place.tree()
    for name in ("../evil", "all", ".hidden", "a/b", "", "assets"):
        place.bench("new-site", name, code=2)
    contains(place.bench("new-site", "develop", code=2).err, "error: the site develop exists", "hint: add --force")
    contains(place.bench("new-site", "x", "--db-type", "sqltie", code=2).err, "hint: did you mean 'sqlite'?")
    place.bench("new-site", "x", "--install-app", "nowhere", code=9)
    equal([name for name in place.tree() if name not in before and not name.endswith((".lock", ".log"))], [])


def test_server_options_need_a_server(place):
    place.make_bench("develop")
    for arguments in (["--db-host", "h"], ["--db-port", "1"], ["--db-socket", "s"], ["--db-user", "u"], ["--db-password", "p"],
                      ["--db-root-username", "r"], ["--db-root-password", "p"], ["--db-root-password-file", "f"]):
        run = place.bench("new-site", "x", *arguments, code=2)
        contains(run.err, f"error: {arguments[0]} means nothing to sqlite", f"hint: leave {arguments[0]} out")
    contains(place.bench("--site", "develop", "restore", "x", "--db-root-username", "r", "--yes", code=2).err, "means nothing to sqlite")
    contains(place.bench("new-site", "x", "--db-port", "none", code=2).err, "--db-port: 'none' is not a number")
    assert not place.site("x").exists()


def test_new_site_force_keeps_the_old_one(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    place.bench("new-site", "develop", "--force")
    equal(place.query("SELECT count(*) FROM sqlite_master WHERE name = 'book'"), [(0,)])
    archived = [name for name in place.tree() if name.startswith("archived/sites/develop")]
    assert any(name.endswith(".db") for name in archived), archived


def test_drop_site(place):
    place.make_bench("develop", "other")
    place.bench("use", "develop")
    result = place.result("drop-site", "develop", "--yes")
    assert "default_site" not in (place.path / "sites/common_site_config.json").read_text()
    assert not place.site().exists()
    equal(result["site"], "develop")
    manifest = json.loads(open(result["backup"]).read())
    equal(manifest["site"], "develop")
    assert result["archived"].startswith(str(place.path / "archived/sites")), result
    equal([result["site"] for result in place.bench("--json", "list-sites").json()["results"]], ["other"])


def test_drop_site_elsewhere_without_backup(place):
    place.make_bench("develop")
    target = place.folder / "old"
    result = place.result("--site", "develop", "drop-site", "--force", "--no-backup", "--archived-sites-path", str(target))
    equal(result["backup"], None)
    assert result["archived"].startswith(str(target)), result
    assert not place.site().exists()


def test_drop_site_to_another_disk_is_refused_at_once(place):
    place.make_bench("develop")
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="bench-cli-") as elsewhere:
        if os.stat(elsewhere).st_dev == os.stat(place.path).st_dev:
            raise Skipped("/dev/shm is no other disk here")
        run = place.bench("drop-site", "develop", "--yes", "--archived-sites-path", elsewhere, code=2)
        contains(run.err, "is on another disk", "hint: give --archived-sites-path a folder on the same disk")
        equal(os.listdir(elsewhere), [])
    equal(place.result("--site", "develop", "operations")["operations"], [])


def test_what_destroys_refuses_all_sites(place):
    place.make_bench("a", "b")
    for arguments in (["--site", "all", "drop-site", "--yes"], ["drop-site", "all", "--yes"], ["--site", "all", "restore", "x", "--yes"]):
        contains(place.bench(*arguments, code=2).err, "does not take all sites at once", "hint: name one site")
    contains(place.bench("--site", "*", "drop-site", "--yes", code=2).err, "drop-site takes one site, and 2 are chosen")
    contains(place.bench("--site", "a", "drop-site", "b", "--yes", code=2).err, "2 are chosen")
    assert place.site("a").exists() and place.site("b").exists()


def test_what_destroys_needs_an_answer(place):
    place.make_bench("develop")
    run = place.bench("drop-site", "develop", code=2)
    contains(run.err, "nobody can be asked", "needs --yes", "hint: add --yes")
    run = place.bench("--no-input", "--site", "develop", "restore", "x", code=2)
    contains(run.err, "this needs --yes")
    assert place.site().exists()


def test_site_choice(place):
    place.make_bench("a", "b")
    equal(place.bench("get-config", "db_type", code=2).err,
          "error: no site is chosen\nhint: add --site NAME (bench list-sites shows the sites there are)\n")
    place.bench("--site", "a", "set-config", "my_mark", "a")
    place.bench("--site", "b", "set-config", "my_mark", "b")
    place.bench("use", "a")
    equal(place.bench("get-config", "my_mark").out, "a\n")
    equal(place.bench("get-config", "my_mark", env={"FRAPPE_SITE": "b"}).out, "b\n")
    equal(place.bench("--site", "a", "get-config", "my_mark", env={"FRAPPE_SITE": "b"}).out, "a\n")
    equal(place.bench("--site", "all", "get-config", "my_mark").out, "a: a\nb: b\n")
    equal(place.bench("--site", "b", "--site", "all", "get-config", "my_mark").out, "b: b\na: a\n")
    equal(place.bench("--site", "b", "--site", "b", "get-config", "my_mark").out, "b\n")


def test_site_choice_that_does_not_exist(place):
    place.make_bench("develop")
    contains(place.bench("--site", "devlop", "get-config", "x", code=9).err, "devlop", "hint: did you mean 'develop'?")
    contains(place.bench("--site", "x*", "get-config", "x", code=9).err, "no site in", "matches 'x*'")
    contains(place.bench("get-config", "x", env={"FRAPPE_SITE": "gone"}, code=9).err, "FRAPPE_SITE of the environment")
    place.bench("set-config", "-g", "default_site", "gone")
    contains(place.bench("get-config", "x", code=9).err, "default_site in", "gone")
    contains(place.bench("use", "gone", code=9).err, "gone")


def test_all_sites_of_an_empty_bench(place):
    place.make_bench()
    contains(place.bench("--site", "all", "migrate", code=9).err, "there is no site in")
    run = place.bench("list-sites")
    equal(run.out, "")
    contains(run.err, "there is no site yet")


def test_use_is_frappes_default_site(place):
    place.make_bench("develop")
    equal(place.result("use", "develop"), {"site": "develop", "changed": True, "error": None})
    equal(json.loads((place.path / "sites/common_site_config.json").read_text())["default_site"], "develop")
    equal(place.result("use", "develop")["changed"], False)


def test_list_sites(place):
    place.make_book_site("develop", "other")
    place.bench("--site", "other", "migrate")
    results = place.bench("--json", "list-sites").json()["results"]
    equal([(r["site"], r["db_type"], r["mode"], r["pending"], r["problem"]) for r in results],
          [("develop", "sqlite", "live", 2, None), ("other", "sqlite", "live", 0, None)])
    equal(results[0]["last_backup"], None)
    lines = place.bench("list-sites").out.splitlines()
    equal(lines[0].split(), ["site", "database", "mode", "last", "backup", "pending"])
    equal(lines[1].split()[0], "develop")
    equal(len(lines), 3)


def test_list_sites_shows_what_is_wrong(place):
    place.make_bench("a", "b")
    (place.site("a") / "site_config.json").write_text("{")
    run = place.bench("--json", "list-sites")
    contains(run.json()["results"][0]["problem"], "site_config.json")
    equal(run.json()["results"][1]["problem"], None)


def test_install_app(place):
    place.make_bench("a", "b")
    place.make_app("books", {"0001_a.sql": "CREATE TABLE a (id INTEGER);\n"})
    results = place.bench("--json", "--site", "all", "install-app", "books").json()["results"]
    equal([(r["site"], r["apps"]) for r in results],
          [(site, [{"app": "books", "version": "1.2", "changed": True, "pending": 1}]) for site in ("a", "b")])
    equal(place.config("a")["installed_apps"], ["books"])
    contains(place.bench("--site", "a", "install-app", "books").out, "was installed already")
    contains(place.bench("--site", "a", "install-app", "boks", code=9).err, "boks", "hint: did you mean 'books'?")
    contains(place.bench("--site", "a", "install-app", code=2).err, "install-app needs APP")


def test_list_apps(place):
    place.make_book_site()
    equal(json.loads(place.bench("--site", "develop", "list-apps", "-f", "json").out), {"develop": ["core", "books"]})
    lines = place.bench("--site", "develop", "list-apps").out.splitlines()
    equal([line.split()[0] for line in lines], ["core", "books"])
    equal([app["app"] for app in place.result("--site", "develop", "list-apps")["apps"]], ["core", "books"])


def test_interrupted_new_site_is_told(place):
    place.make_bench("develop")
    (place.path / "sites/.new/half").mkdir(parents=True)
    run = place.bench("--site", "develop", "get-config", "db_type")
    equal(run.out, "sqlite\n")
    contains(run.err, "half: making this site was interrupted", "hint: bench recover")
    contains(place.bench("recover").out, "half: making this site was interrupted; what there was of it is removed")
    lacks(place.bench("--site", "develop", "get-config", "db_type").err, "interrupted")


def test_the_database_shell_beside_json(place):
    place.make_bench("develop")
    run = place.bench("--json", "--site", "develop", "db-console", "--", "SELECT 40 + 2")
    equal(run.json()["results"], [{"site": "develop", "exit_code": 0, "error": None}])
    contains(run.err, "42")
    run = place.bench("--json", "--site", "develop", "db-console", "--", "SELECT nonsense", code=10)
    assert run.json()["results"][0]["exit_code"] != 0, run.out
