"""migrate and its relatives."""

import json
import os
import re
import sqlite3
import threading
from pathlib import Path

from support import BOOK_PATCHES, contains, equal, lacks

BAD = {"0003_bad.sql": "CREATE TABLE fine (id INTEGER);\n\nINSERT INTO nowhere VALUES (1);\n"}


def tables(place, site="develop"):
    return [name for (name,) in place.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", site)]


def test_migrate(place):
    place.make_book_site()
    result = place.result("--site", "develop", "migrate")
    equal((result["site"], result["result"], result["error"]), ("develop", "migrated", None))
    equal([(p["app"], p["state"]) for p in result["patches"]], [("books", "applied"), ("books", "applied")])
    for patch in result["patches"]:
        equal(sorted(patch), ["app", "duration_ms", "patch", "phase", "state"])
    equal(sorted(result["window"]), ["drain_ms", "duration_ms", "ended_sessions", "fence", "gaps", "slipped_in"])
    assert result["window"]["fence"] in ("database", "database-with-gaps"), result["window"]
    for moment in ("before", "after"):
        equal(json.loads(open(result["backups"][moment]).read())["site"], "develop")
    equal(place.query("SELECT title, isbn FROM book"), [("Emma", "1")])
    assert "maintenance_mode" not in place.config()
    operations = place.result("--site", "develop", "operations")["operations"]
    equal([(o["id"], o["kind"], o["state"]) for o in operations if o["kind"] == "migrate"], [(result["operation"], "migrate", "done")])


def test_migrate_again_has_nothing_to_do(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate")
    result = place.result("--site", "develop", "migrate")
    equal((result["result"], result["operation"], result["window"], result["patches"]), ("up-to-date", None, None, []))
    equal(result["backups"], {"before": None, "after": None})
    equal(place.bench("migrate", "--site", "develop").out, "develop: up to date, nothing to do\n")


def test_migrate_speaks_to_people(place):
    place.make_book_site()
    run = place.bench("--site", "develop", "migrate")
    contains(run.out, "develop: migrated, 2 patches applied\n", "books", "  closed     ", "  fence      ", "  before     ", "  after      ",
             "  operation  ")
    lacks(run.out + run.err, "\x1b", "\r")
    contains(run.err, "applying 2 patches")
    log = (place.site() / "logs/bench.log").read_text()
    contains(log, "applying 2 patches", "migrate")


def test_quiet_migrate(place):
    place.make_book_site()
    equal(place.bench("-q", "--site", "develop", "migrate").err, "")


def test_a_failing_patch_is_undone(place):
    place.make_book_site()
    place.make_app("books", BAD)
    before = tables(place)
    run = place.bench("--json", "--site", "develop", "migrate", code=7)
    document = run.json()
    result = document["results"][0]
    equal(result["result"], "undone")
    equal([p["state"] for p in result["patches"]], ["pending", "pending", "failed"])
    equal(document["error"], result["error"])
    equal(result["error"]["kind"], "undone")
    contains(result["error"]["message"], "books", "0003_bad.sql", "line 3", "nowhere")
    equal(tables(place), before)
    assert "maintenance_mode" not in place.config()
    contains(run.err, "error: ")
    human = place.bench("--site", "develop", "migrate", code=7)
    contains(human.out, "develop: FAILED and undone: the site is as it was", "  undone\n", "  FAILED\n")
    equal(len([line for line in human.err.splitlines() if line.startswith("error: ")]), 1)


def test_skip_failing(place):
    place.make_book_site()
    place.make_app("books", {**BAD, "0004_later.sql": "CREATE TABLE later (id INTEGER);\n"})
    result = place.result("--site", "develop", "migrate", "--skip-failing")
    equal([p["state"] for p in result["patches"]], ["applied", "applied", "skipped", "applied"])
    assert "later" in tables(place) and "fine" not in tables(place)


def test_plan_changes_nothing(place):
    place.make_book_site()
    before = tables(place)
    run = place.bench("--site", "develop", "migrate", "--plan")
    contains(run.out, "-- develop: 2 patches pending", "CREATE TABLE book", "ALTER TABLE book ADD COLUMN isbn TEXT;")
    result = place.result("--site", "develop", "migrate", "--plan")
    equal([p["app"] for p in result["pending"]], ["books", "books"])
    equal(len(result["pending"][1]["statements"]), 2)
    equal(result["drifted"], [])
    equal(tables(place), before)


def test_check(place):
    place.make_book_site("develop", "other")
    run = place.bench("--site", "develop", "migrate", "--check", code=3)
    contains(run.out, "2 patches pending")
    equal(place.result("--site", "develop", "migrate", "--check", code=3)["refused_because"], None)
    document = place.bench("--json", "--site", "all", "migrate", "--check", code=3).json()
    equal((document["ok"], document["error"]), (True, None))
    place.bench("--site", "develop", "migrate", "--backup", "none")
    place.bench("--site", "develop", "migrate", "--check")
    contains(place.bench("--site", "all", "migrate", "--check", code=3).err, "summary", "  develop  done", "  other    yes")


def test_drift(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    place.make_app("books", {"0001_books.sql": BOOK_PATCHES["0001_books.sql"] + "-- changed\n"})
    contains(place.bench("--site", "develop", "migrate", code=9).err, "0001_books.sql", "--accept-drift")
    place.bench("--site", "develop", "migrate", "--check", code=3)
    place.bench("--site", "develop", "migrate", "--accept-drift")
    place.bench("--site", "develop", "migrate", "--check")


def test_backup_moments(place):
    place.make_book_site()
    equal(place.result("--site", "develop", "migrate", "--backup", "none")["backups"], {"before": None, "after": None})
    place.make_app("books", {"0003_c.sql": "CREATE TABLE c (id INTEGER);\n"})
    backups = place.result("--site", "develop", "migrate", "--backup", "before")["backups"]
    equal((backups["before"] is None, backups["after"]), (False, None))
    place.make_app("books", {"0004_d.sql": "CREATE TABLE d (id INTEGER);\n"})
    backups = place.result("--site", "develop", "migrate")["backups"]
    names = [Path(backups[moment]).name for moment in ("before", "after")]
    equal(len(set(names)), 2)


def test_an_emptied_database_is_not_migrated_from_nothing(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    for file in place.database().parent.glob(place.database().name + "*"):
        file.unlink()
    place.database().touch()
    err = place.bench("--site", "develop", "migrate", code=10).err
    contains(err, "holds no patch log although", "hint: bench --site develop list-backups")
    equal(place.database().read_bytes(), b"")


def test_patches(place):
    place.make_book_site()
    equal([(p["app"], p["state"], p["applied_at"]) for p in place.result("--site", "develop", "patches")["patches"] if p["app"] == "books"],
          [("books", "pending", None)] * 2)
    operation = place.result("--site", "develop", "migrate")["operation"]
    patches = [p for p in place.result("--site", "develop", "patches")["patches"] if p["app"] == "books"]
    equal([(p["state"], p["operation"]) for p in patches], [("applied", operation)] * 2)
    lines = place.bench("--site", "develop", "patches").out.splitlines()
    equal(lines[0].split(), ["app", "patch", "phase", "state", "applied", "operation"])
    # Somebody removed what was applied.
    file = Path(patches[1]["file"])
    file.unlink()
    gone = place.result("--site", "develop", "patches")["patches"][-1]
    equal((gone["app"], gone["patch"], gone["state"], gone["operation"]), ("books", f"books.{patches[1]['patch']}", "gone", operation))
    # A pipe in its place is not waited for.
    os.mkfifo(file)
    contains(place.bench("--site", "develop", "patches").out, "applied")
    place.query("DELETE FROM `tabPatch Log` WHERE patch LIKE 'books%'")
    contains(place.bench("--site", "develop", "migrate", "--plan").out, f"CANNOT RUN: {file}: it is not a file")


def test_run_patch(place):
    place.make_book_site()
    first, second = [p["patch"] for p in place.result("--site", "develop", "patches")["patches"] if p["app"] == "books"]
    result = place.result("--site", "develop", "run-patch", first, "--backup", "none")
    equal([p["patch"] for p in result["patches"]], [first])
    equal(place.result("--site", "develop", "run-patch", first)["result"], "up-to-date")
    place.bench("--site", "develop", "run-patch", first, "--force", "--backup", "none", code=7)
    place.bench("--site", "develop", "run-patch", f"books.{second}", "--backup", "none")
    contains(place.bench("--site", "develop", "run-patch", "books.0002_isbm", code=2).err, "hint: did you mean ")


def test_mark_applied(place):
    place.make_book_site()
    first, second = [p["patch"] for p in place.result("--site", "develop", "patches")["patches"] if p["app"] == "books"]
    result = place.result("--site", "develop", "mark-applied", "books", second, "--up-to")
    equal((len(result["marked"]), result["already"]), (2, []))
    place.bench("--site", "develop", "migrate", "--check")
    assert "book" not in tables(place)
    equal(len(place.result("--site", "develop", "bypass-patch", f"books.{first}")["already"]), 1)
    contains(place.bench("--site", "develop", "mark-applied", "nodots", code=2).err, "mark-applied needs APP and PATCH")


def test_run_in_maintenance(place):
    place.make_bench("develop")
    script = ("import json, os, sys; c = json.load(open('%s')); sys.exit(0 if c['maintenance_mode'] == 1 else 9)"
              % (place.site() / "site_config.json"))
    result = place.result("--site", "develop", "run-in-maintenance", "--backup", "none", "--", "python3", "-c", script)
    equal((result["result"], result["patches"]), ("migrated", []))
    assert "maintenance_mode" not in place.config()


def test_run_in_maintenance_touches_no_word_of_the_command(place):
    place.make_bench("develop")
    words = ["--json", "-v", "--site", "x", "--", "[a,b]", "--help", ""]
    script = "import sys, json; json.dump(sys.argv[1:], open('words.json', 'w'))"
    place.bench("--site", "develop", "run-in-maintenance", "--backup", "none", "--", "python3", "-c", script, *words)
    equal(json.loads((place.path / "words.json").read_text()), words)


def test_what_a_foreign_migrator_prints_is_not_our_data(place):
    place.make_bench("develop")
    command = ["--site", "develop", "run-in-maintenance", "--backup", "none", "--", "echo", "from the migrator"]
    run = place.bench("--json", *command)
    equal(run.json()["results"][0]["result"], "migrated")
    contains(run.err, "from the migrator\n")
    contains(place.bench(*command).out, "from the migrator\n")


def test_run_in_maintenance_undoes_what_fails(place):
    place.make_bench("develop")
    # On SQLite the window around a foreign migrator is not enforced, so nothing is restored over what it may have written.
    run = place.bench("--json", "--site", "develop", "run-in-maintenance", "--", "python3", "-c", "raise SystemExit(3)", code=8)
    equal(run.json()["results"][0]["result"], "needs-attention")
    equal(place.config()["maintenance_mode"], 1)
    contains(place.bench("--site", "develop", "ready-for-migration", code=8).err, "run-in-maintenance", "waits for a person", "hint: ")
    place.bench("--site", "develop", "set-maintenance-mode", "off")
    assert "maintenance_mode" not in place.config()
    place.bench("--site", "develop", "ready-for-migration")


def test_a_restored_dump_without_a_patch_log(place):
    """It is what its tool dumped, and a migrate begins with the first patch."""
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    dump = place.folder / "plain.sql"
    dump.write_text("CREATE TABLE users (id INTEGER);\n")
    place.bench("--site", "develop", "--yes", "restore", str(dump))
    equal(place.result("--site", "develop", "migrate", "--backup", "none")["result"], "migrated")
    assert {"users", "book"} <= set(tables(place))
    place.query('DROP TABLE "tabPatch Log"')
    contains(place.bench("--site", "develop", "migrate", code=10).err, "holds no patch log although", "-migrate-")


def test_a_patch_is_called_by_its_module(place):
    place.bench("init", str(place.path))
    app = place.path / "apps" / "erp"
    (app / "patches").mkdir(parents=True)
    (app / "patches.txt").write_text("erp.patches.first\nerp.patches.second #2024-01-01\n")
    (app / "patches" / "first.sql").write_text("CREATE TABLE first (n INTEGER);")
    (app / "patches" / "second.sql").write_text("CREATE TABLE second (n INTEGER);")
    place.bench("new-site", "develop", "--install-app", "erp", "--install-app", "erp")
    equal(place.config()["installed_apps"], ["erp"])
    place.bench("--site", "develop", "run-patch", "erp.patches.second")
    assert "second" in tables(place)
    place.bench("--site", "develop", "bypass-patch", "erp", "erp.patches.second")
    equal([patch["state"] for patch in place.result("--site", "develop", "patches")["patches"] if patch["app"] == "erp"],
          ["pending", "applied"])


def write_on(database, stop):
    """Somebody who takes no notice of maintenance."""
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    while not stop.is_set():
        connection.execute("INSERT INTO late (n) VALUES (1)")
    connection.close()


def test_a_person_gives_up_what_was_written_and_can_have_it_back(place):
    place.make_bench("develop")
    place.query("CREATE TABLE late (n INTEGER)")
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute('INSERT INTO late VALUES (42)'); sys.exit(3)"
    place.bench("--site", "develop", "run-in-maintenance", "--", "python3", "-c", script, str(place.database()), code=8)
    stop = threading.Event()
    writer = threading.Thread(target=write_on, args=(place.database(), stop))
    writer.start()
    try:
        told = place.bench("--site", "develop", "--yes", "recover", "--restore").out
    finally:
        stop.set()
        writer.join()
    equal(place.query("SELECT count(*) FROM late WHERE n = 42"), [(0,)])
    assert "maintenance_mode" not in place.config()
    [kept] = re.search(r"what was there is kept: (.+)", told)[1].split(", ")
    place.bench("--site", "develop", "--yes", "restore", kept)
    equal(place.query("SELECT count(*) FROM late WHERE n = 42"), [(1,)])


def test_ready_for_migration(place):
    place.make_bench("develop")
    equal(place.bench("--site", "develop", "ready-for-migration").out, "develop: ready\n")
    equal(place.result("--site", "develop", "ready-for-migration")["ready"], True)


def test_one_of_several_sites_fails(place):
    place.make_book_site("a", "b", "c")
    place.query("CREATE TABLE book (id INTEGER)", "b")
    document = place.bench("--json", "--site", "all", "migrate", code=4).json()
    equal([r["result"] for r in document["results"]], ["migrated", "undone", "migrated"])
    equal(document["error"]["kind"], "some-failed")
    run = place.bench("--site", "all", "migrate", "--fail-fast", code=4)
    contains(run.err, "b  FAILED (undone)", "c  not tried", "a  done")


def test_a_failure_before_the_window_has_the_whole_result(place):
    place.make_book_site()
    os.remove(place.database())
    run = place.bench("--json", "--site", "develop", "migrate", code=10)
    result = run.json()["results"][0]
    equal(sorted(result), ["backups", "error", "notes", "operation", "patches", "result", "site", "window"])
    equal((result["operation"], result["window"], result["patches"]), (None, None, []))


def test_skip_search_index_is_accepted(place):
    place.make_book_site()
    contains(place.bench("--site", "develop", "migrate", "--skip-search-index").err, "--skip-search-index has nothing to do")
