"""Programs of apps: hooks, and patches that print SQL."""

import json
import os
import shutil
import signal

from support import contains, equal, lacks, wait_for

HOOKED = """name: hooked
title: Hooked
version: "1"
read_only: true
patches:
  format: patches.txt
  path: .
hooks:
  before_migrate: [bin/before]
  after_migrate: [bin/after]
  on_undo: [bin/undone]
session:
  sqlite: ["CREATE TEMP TABLE session_was_here (id INTEGER)"]
"""

TELL = """#!/bin/sh
set -eu
echo "$BENCH_SITE $BENCH_OPERATION" >> "$BENCH_SITE_PATH/{name}.told"
cat "$BENCH_CONNECTION_FILE" > "$BENCH_SITE_PATH/{name}.connection"
pwd > "$BENCH_SITE_PATH/{name}.folder"
{then}
"""


def make_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make_hooked_site(place, before="", after="", undone="", patch="CREATE TABLE made (id INTEGER);"):
    place.bench("init", str(place.path))
    app = place.path / "apps" / "hooked"
    for name, then in (("before", before), ("after", after), ("undone", undone)):
        make_program(app / "bin" / name, TELL.format(name=name, then=then))
    (app / "app.yaml").write_text(HOOKED)
    (app / "patches").mkdir()
    (app / "patches.txt").write_text("hooked.patches.make\n")
    (app / "patches" / "make.sql").write_text(patch)
    place.bench("new-site", "develop", "--install-app", "hooked")


def told(place, name):
    file = place.site() / f"{name}.told"
    return file.read_text().splitlines() if file.exists() else []


def test_what_outlives_a_killed_bench_is_named(place):
    make_hooked_site(place, before='echo $$ > "$BENCH_SITE_PATH/pid"; exec sleep 600')
    child = place.start("--site", "develop", "migrate")
    file = place.site() / "pid"
    wait_for(lambda: file.exists() and file.read_text().endswith("\n"), "the hook to run")
    child.kill()
    child.wait()
    orphan = int(file.read_text())
    try:
        run = place.bench("--site", "develop", "recover", "--wait", "1500ms", code=5)
        contains(run.err, "waiting for develop: migrate", "was killed, and what it had started runs on", f"kill {orphan};")
        # Not only where the site is named.
        contains(place.bench("recover", code=5).err, "was killed, and what it had started runs on")
    finally:
        os.kill(orphan, signal.SIGKILL)
    wait_for(lambda: place.bench("--site", "develop", "ready-for-migration", code=[5, 8]).code == 8, "the orphan to be gone")
    place.bench("--site", "develop", "recover")
    place.bench("--site", "develop", "ready-for-migration")


def test_hooks_run_around_a_migrate(place):
    make_hooked_site(place)
    result = place.result("--site", "develop", "migrate")
    line = f"develop {result['operation']}"
    equal((told(place, "before"), told(place, "after"), told(place, "undone")), ([line], [line], []))
    connection = json.loads((place.site() / "before.connection").read_text())
    equal(connection, {"db_type": "sqlite", "db_name": "develop", "path": str(place.database())})
    equal((place.site() / "after.folder").read_text().strip(), str(place.path / "apps" / "hooked"))
    lacks("\n".join(place.tree()), "connection.json")
    place.bench("--site", "develop", "migrate")
    equal(len(told(place, "before")), 1)


def test_a_failing_before_hook_changes_nothing(place):
    make_hooked_site(place, before="seq 1 500; echo it is not a good day >&2; exit 3")
    run = place.bench("--site", "develop", "migrate", "--json", code=7)
    contains(run.err, "bin/before", "exit code 3", "it is not a good day", "hint: mend the hook, then bench --site develop migrate")
    operation = place.result("--site", "develop", "operations")["operations"][-1]["id"]
    equal([(r["operation"], r["result"], r["window"]) for r in run.json()["results"]], [(operation, "undone", None)])
    contains(place.result("--site", "develop", "operations", operation)["operation"]["result"]["error"]["message"], "not a good day")
    equal(place.query("SELECT name FROM sqlite_schema WHERE name = 'made'"), [])
    assert "maintenance_mode" not in place.config()
    equal(place.result("--site", "develop", "operations")["operations"][-1]["state"], "undone")


def test_what_a_hook_prints_is_in_the_log_as_a_whole(place):
    make_hooked_site(place, before="seq -f 'line %g' 1 500; echo 'said to the end'", after="echo why it failed; exit 4")
    run = place.bench("--site", "develop", "migrate", code=1)
    contains(run.err, "why it failed")
    log = (place.site() / "logs/bench.log").read_text()
    equal(log.count("info before: line "), 500)
    contains(log, "said to the end", "after: why it failed")


def test_a_failing_after_hook_takes_nothing_back(place):
    make_hooked_site(place, after="exit 1")
    run = place.bench("--json", "--site", "develop", "migrate", code=1)
    result = run.json()["results"][0]
    equal(result["result"], "migrated")
    contains(result["error"]["message"], "the patches are in", "bin/after")
    contains(result["error"]["hint"], "run it by hand")
    equal(place.query("SELECT name FROM sqlite_schema WHERE name = 'made'"), [("made",)])
    assert "maintenance_mode" not in place.config()


def test_the_undo_hook_runs_after_an_undo(place):
    make_hooked_site(place, patch="CREATE TABLE made (id INTEGER);\nINSERT INTO nowhere VALUES (1);")
    run = place.bench("--json", "--site", "develop", "migrate", code=7)
    equal(told(place, "undone"), [f"develop {run.json()['results'][0]['operation']}"])
    equal(told(place, "after"), [])


def test_a_hook_that_takes_too_long_is_ended(place):
    make_hooked_site(place, before="sleep 30")
    place.bench("--site", "develop", "set-config", "hook_timeout", "1")
    run = place.bench("--site", "develop", "migrate", code=7)
    contains(run.err, "did not end within 1 s", "hook_timeout")


def make_printing_site(place, script):
    place.bench("init", str(place.path))
    app = place.path / "apps" / "printing"
    (app / "patches").mkdir(parents=True)
    (app / "patches.txt").write_text("printing.patches.first\nprinting.patches.second\n")
    (app / "patches" / "first.sql").write_text("CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES (7);")
    make_program(app / "patches" / "second", "#!/bin/sh\nset -eu\n" + script)
    place.bench("new-site", "develop", "--install-app", "printing")


def test_an_executable_patch_prints_sql(place):
    make_printing_site(place, "echo 'CREATE TABLE second (id INTEGER);'; echo 'INSERT INTO second SELECT id FROM first;'")
    place.bench("--site", "develop", "migrate")
    equal(place.query("SELECT id FROM second"), [(7,)])


def test_an_executable_patch_reads_the_site_as_it_was(place):
    make_printing_site(place, """file=$(sed -n 's/.*"path": "\\(.*\\)".*/\\1/p' "$BENCH_CONNECTION_FILE")
count=$(sqlite3 -readonly "$file" "SELECT count(*) FROM sqlite_schema WHERE name = 'first'")
echo "CREATE TABLE seen (tables INTEGER); INSERT INTO seen VALUES ($count);"
""")
    place.bench("--site", "develop", "migrate")
    equal(place.query("SELECT tables FROM seen"), [(0,)])


def test_an_executable_patch_that_fails_undoes_the_run(place):
    make_printing_site(place, "echo 'CREATE TABLE second (id INTEGER);'; echo no luck >&2; exit 9")
    run = place.bench("--site", "develop", "migrate", code=7)
    contains(run.err, "patches/second", "exit code 9", "no luck")
    equal(place.query("SELECT name FROM sqlite_schema WHERE name IN ('first', 'second')"), [])


def test_words_in_any_encoding_do_no_harm(place):
    """What it says is cut in the middle of a character, or is none of UTF-8's at all."""
    for words in ("printf x; printf 'ü%.0s' $(seq 400)", "printf 'caf\\351'"):
        make_printing_site(place, f"{{ {words}; }} >&2; exit 3")
        result = place.bench("--json", "--site", "develop", "migrate", code=7).json()["results"][0]
        equal((result["result"], result["patches"][1]["state"]), ("undone", "failed"))
        contains(result["error"]["message"], "patches/second", "exit code 3")
        equal(place.result("--site", "develop", "operations")["operations"][-1]["state"], "undone")
        shutil.rmtree(place.path)


def test_the_fence_falls_with_its_process_whatever_outlives_it(place):
    """A child that lives on holds the site's lock, and the database can be written."""
    make_printing_site(place, 'echo $$ > pid.new; mv pid.new pid; exec sleep 600')
    child = place.start("--site", "develop", "migrate")
    file = place.path / "apps" / "printing" / "pid"
    wait_for(file.exists, "the patch to run")
    equal(place.result("--site", "develop", "maintenance-status", code=3)["fence"], "database")
    child.kill()
    child.wait()
    try:
        status = place.result("--site", "develop", "maintenance-status", code=3)
        equal((status["fence"], status["gaps"]), ("not-enforced", ["the fence fell with the process that held it"]))
        place.query("CREATE TABLE intruder (n INTEGER)")
    finally:
        os.kill(int(file.read_text()), signal.SIGKILL)
    wait_for(lambda: place.bench("--site", "develop", "recover", code=[0, 5]).code == 0, "the orphan to be gone")


def test_what_an_executable_patch_prints_is_under_the_same_rules(place):
    make_printing_site(place, "echo 'CREATE TABLE second (id INTEGER);'; echo 'COMMIT;'")
    run = place.bench("--site", "develop", "migrate", code=7)
    contains(run.err, "patches/second", "COMMIT")
    equal(place.query("SELECT name FROM sqlite_schema WHERE name IN ('first', 'second')"), [])


def test_an_executable_patch_can_be_interrupted(place):
    make_printing_site(place, "echo started > started; exec sleep 60")
    import signal

    from support import wait_for

    child = place.start("--site", "develop", "migrate")
    wait_for((place.path / "apps" / "printing" / "started").exists, "the patch")
    child.send_signal(signal.SIGINT)
    equal(place.finish(child).code, 130)
    assert "maintenance_mode" not in place.config()
