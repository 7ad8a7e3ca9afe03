"""Ctrl-C, SIGTERM, SIGHUP and kill -9."""

import os
import signal
import time

from pathlib import Path

from support import contains, equal, lacks, wait_for


def slow_site(place, seconds=30):
    """A site whose pending patch takes long in one statement, and tells when it began."""
    place.make_book_site()
    place.make_app("books", {"0003_slow.sql": "CREATE TABLE slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                                              f"WHERE i < {seconds}000000) SELECT max(i) AS i FROM n;\n"})


def start_slow_migrate(place, *options):
    child = place.start("--site", "develop", "migrate", "--backup", "none", *options)
    wait_for(lambda: place.config().get("maintenance_mode") == 1, "the window")
    time.sleep(0.3)
    return child


def stopped_by(place, number, code, kind):
    slow_site(place)
    child = start_slow_migrate(place, "--json")
    child.send_signal(number)
    run = place.finish(child)
    equal(run.code, code)
    document = run.json()
    equal(document["error"]["kind"], kind)
    equal(document["results"][0]["result"], "undone")
    equal(place.query("SELECT count(*) FROM sqlite_master WHERE name IN ('book', 'slow')"), [(0,)])
    assert "maintenance_mode" not in place.config()


def test_ctrl_c_undoes(place):
    stopped_by(place, signal.SIGINT, 130, "interrupted")


def test_sigterm_undoes(place):
    stopped_by(place, signal.SIGTERM, 143, "terminated")


def test_the_next_statement_of_a_patch_does_not_begin(place):
    place.make_book_site()
    place.make_app("books", {"0003_many.sql": "CREATE TABLE many (id INTEGER);\n" + "INSERT INTO many VALUES (1);\n" * 500_000})
    child = start_slow_migrate(place, "--json")
    child.send_signal(signal.SIGINT)
    run = place.finish(child)
    equal(run.code, 130)
    contains(run.json()["error"]["message"], "books: patch 0003_many: ", "0003_many.sql", "interrupted")
    lacks(run.err, "applied books 0003_many")


def test_hooks_behind_a_run_are_not_cut_off(place):
    slow_site(place)
    app = place.path / "apps" / "books"
    (app / "app.yaml").write_text((app / "app.yaml").read_text() + "hooks: {on_undo: [undone], after_migrate: [after]}\n")
    for name in ("undone", "after"):
        (app / name).write_text(f"#!/bin/sh\nsleep 1\ntouch $BENCH_SITE_PATH/{name}\n")
        (app / name).chmod(0o755)
    child = start_slow_migrate(place)
    child.send_signal(signal.SIGINT)
    run = place.finish(child)
    equal((run.code, (place.site() / "undone").exists()), (130, True))
    (app / "patches" / "0003_slow.sql").write_text("CREATE TABLE quick (id INTEGER);\n")
    child = place.start("--site", "develop", "migrate", env={"BENCH_PAUSE_AT": "change.backed-up-after"})
    wait_for(lambda: Path(f"/proc/{child.pid}/stat").read_text().split(")")[1].split()[0] == "T", "the pause")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGCONT)
    run = place.finish(child)
    # What is asked for too late is not done by half.
    equal((run.code, (place.site() / "after").exists()), (0, True))


def test_a_lost_terminal_aborts_nothing(place):
    slow_site(place, 2)
    child = start_slow_migrate(place)
    child.send_signal(signal.SIGHUP)
    equal(place.finish(child).code, 0)
    equal(place.query("SELECT i FROM slow"), [(2000000,)])


def test_an_interruption_ends_the_run_over_sites(place):
    slow_site(place)
    place.bench("new-site", "zoo", "--install-app", "books")
    child = place.start("--json", "--site", "all", "migrate", "--backup", "none")
    wait_for(lambda: place.config().get("maintenance_mode") == 1, "the window")
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    run = place.finish(child)
    equal(run.code, 130)
    equal([r["site"] for r in run.json()["results"]], ["develop"])
    contains(run.err, "zoo      not tried")


def test_a_second_migrate_is_refused(place):
    slow_site(place)
    child = start_slow_migrate(place)
    run = place.bench("--json", "--site", "develop", "migrate", code=5)
    equal(run.json()["error"]["kind"], "busy")
    contains(run.err, "migrate")
    contains(place.bench("--site", "develop", "ready-for-migration", code=5).err, "an operation holds develop")
    place.bench("--site", "develop", "migrate", "--wait", "300ms", code=5)
    child.send_signal(signal.SIGTERM)
    equal(place.finish(child).code, 143)
    place.bench("--site", "develop", "ready-for-migration")


def test_what_was_killed_is_told_and_recovered(place):
    slow_site(place)
    child = start_slow_migrate(place)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    run = place.bench("--site", "develop", "get-config", "db_type")
    equal(run.out, "sqlite\n")
    contains(run.err, "develop: operation ", "was interrupted", "hint: bench --site develop recover")
    contains(place.bench("--site", "develop", "operations").out, "interrupted")
    contains(place.bench("--site", "develop", "migrate", "--check", code=3).err, "was interrupted")
    results = place.bench("--json", "recover").json()["results"]
    equal([(o["kind"], o["outcome"]) for o in results[0]["operations"]], [("migrate", "undone")])
    assert "maintenance_mode" not in place.config()
    equal(place.bench("--site", "develop", "get-config", "db_type").err, "")


def test_a_paused_edit_loses_nothing(place):
    place.make_bench("develop")
    child = place.start("--site", "develop", "set-config", "host_name", "new", env={"BENCH_PAUSE_AT": "config.written"})
    wait_for(lambda: os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None, "the pause")
    assert "host_name" not in place.config()
    os.killpg(child.pid, signal.SIGKILL)
    contains(place.finish(child).err, "paused at config.written")
    place.bench("--site", "develop", "set-config", "host_name", "other")
    equal(place.config()["host_name"], "other")
    equal([name for name in place.tree() if "bench-tmp" in name], [])
