"""kill -9 of bench at each named point: the next command or `bench recover` brings the site to a good state."""

import json
import shutil
from pathlib import Path

from bench_folder import Bench, is_locked, main

MIGRATE_POINTS = [
    "window.saved",
    "config.locked",
    "config.written",
    "config.renamed",
    "window.config-set",
    "window.fenced",
    "backup.database-written",
    "backup.before-manifest",
    "backup.done",
    "change.backed-up-before",
    "change.before-apply",
    "migrate.patch-applied",
    "migrate.before-commit",
    "migrate.committed",
    "change.backed-up-after",
    "window.lifted",
    "window.config-restored",
]
RESTORE_POINTS = [
    "restore.proven",
    "restore.staged",
    "window.saved",
    "window.config-set",
    "window.fenced",
    "restore.kept",
    "restore.swapped",
    "restore.files-moved",
    "restore.files-swapped",
    "window.lifted",
    "window.config-restored",
]
BACKUP_POINTS = ["backup.database-written", "backup.files-written", "backup.before-manifest", "backup.done"]
NEW_SITE_POINTS = ["new-site.begun", "new-site.database-created", "new-site.core-applied", "new-site.published"]
CONFIG_POINTS = ["config.locked", "config.written", "config.renamed"]

KEYS = {"allow_reads_during_maintenance": "1", "a_number": "12345678901234567890123"}


def site_with_data(bench):
    bench.patch("base", "CREATE TABLE tabNote (id INTEGER PRIMARY KEY, words TEXT);\nINSERT INTO tabNote VALUES (1, 'one');")
    bench.new_site()
    bench.run("--site", "site", "migrate", "--backup", "none")
    for key, value in KEYS.items():
        bench.run("--site", "site", "set-config", key, value)
    (bench.site() / "public" / "files" / "open.txt").write_text("open")
    (bench.site() / "private" / "files" / "closed.txt").write_text("closed")


def check_clean(bench):
    assert bench.leftovers() == [], bench.leftovers()
    assert not is_locked(bench.site() / "locks" / "bench_migrate.lock")
    assert not is_locked(bench.site() / "locks" / "site_config.lock")
    for record in bench.operations():
        assert record["state"] in ("done", "undone"), record
    for folder in [bench.site() / "private" / "backups", *(bench.site() / "operations").glob("*/")]:
        manifests = [path.name.removesuffix("-manifest.json") for path in folder.glob("*-manifest.json")]
        for path in folder.glob("*-*"):
            if path.name.startswith("replaced-"):  # what a finished restore keeps of the files that were there
                continue
            assert any(path.name.startswith(prefix) for prefix in manifests), f"{path} belongs to no finished set"


def recovered_by_both(bench, command, check):
    """Copies the killed bench and recovers it twice: by `recover` and by the next command of the same kind."""
    twin = Bench()
    shutil.rmtree(twin.path)
    shutil.copytree(bench.path, twin.path, symlinks=True)
    with twin:
        bench.run("--site", "site", "recover")
        check(bench)
        check_clean(bench)
        twin.run(*command)
        check_clean(twin)


def migrate_point(point):
    with Bench() as bench:
        site_with_data(bench)
        before = bench.config_text()
        bench.patch("second", "ALTER TABLE tabNote ADD COLUMN more TEXT;\nUPDATE tabNote SET more = 'm';")
        bench.patch("third", "CREATE TABLE tabThird (id INTEGER);")
        process = bench.start_paused(point, "--site", "site", "migrate")
        assert process is not None, f"migrate does not pass {point}"
        bench.kill(process)

        def check(killed):
            done = killed.applied()
            assert done in (["app.patches.base"], ["app.patches.base", "app.patches.second", "app.patches.third"]), done
            assert ("tabThird" in killed.tables()) == (len(done) == 3)
            columns = [row[1] for row in killed.query("PRAGMA table_info(tabNote)")]
            assert ("more" in columns) == (len(done) == 3)
            assert killed.config_text() == before
            assert killed.query("SELECT words FROM tabNote") == [("one",)]

        recovered_by_both(bench, ["--site", "site", "migrate"], check)


def restore_point(point):
    with Bench() as bench:
        site_with_data(bench)
        bench.run("--site", "site", "backup", "--with-files")
        manifest = next((bench.site() / "private" / "backups").glob("*-manifest.json"))
        connection = bench.connect()
        connection.execute("INSERT INTO tabNote VALUES (2, 'two')")
        connection.close()
        (bench.site() / "public" / "files" / "open.txt").write_text("changed")
        before = bench.config_text()
        command = ["--site", "site", "--yes", "restore", str(manifest), "--with-public-files", "--with-private-files"]
        process = bench.start_paused(point, *command)
        assert process is not None, f"restore does not pass {point}"
        bench.kill(process)

        def check(killed):
            rows = killed.query("SELECT words FROM tabNote ORDER BY id")
            is_restored = rows == [("one",)]
            assert is_restored or rows == [("one",), ("two",)], rows
            text = (killed.site() / "public" / "files" / "open.txt").read_text()
            assert text == ("open" if is_restored else "changed"), (rows, text)
            assert (killed.site() / "private" / "files" / "closed.txt").read_text() == "closed"
            assert killed.config_text() == before

        # The twin's manifest is its own copy.
        twin_command = [part.replace(str(manifest), manifest.name.removesuffix("-manifest.json")) for part in command]
        recovered_by_both(bench, twin_command, check)


def backup_point(point):
    with Bench() as bench:
        site_with_data(bench)
        process = bench.start_paused(point, "--site", "site", "backup", "--with-files")
        assert process is not None, f"backup does not pass {point}"
        bench.kill(process)
        before = bench.config_text()

        def check(killed):
            assert killed.config_text() == before
            # With its manifest in place it is a set, and its record says so.
            sets = killed.json("--site", "site", "list-backups")["results"][0]["sets"]
            assert (killed.operations()[-1]["state"] == "done") == (len(sets) == 1) == (point == "backup.done"), sets
            for result in killed.json("--site", "site", "list-backups")["results"]:
                for backup in result["sets"]:
                    killed.run("--site", "site", "verify-backup", backup["manifest"], "--drill")

        recovered_by_both(bench, ["--site", "site", "backup", "--with-files"], check)


def new_site_point(point):
    with Bench() as bench:
        process = bench.start_paused(point, "new-site", "site", "--install-app", "app")
        assert process is not None, f"new-site does not pass {point}"
        bench.kill(process)
        exists = bench.site().exists()
        assert exists == (point == "new-site.published")
        bench.run("recover")
        assert not (bench.path / "sites" / ".new").exists()
        if not exists:
            bench.run("new-site", "site", "--install-app", "app")
        bench.run("--site", "site", "migrate")
        check_clean(bench)


def new_site_in_place_of_another():
    """Cut off when the old site is in the archive and the new one is not yet in its place."""
    with Bench() as bench:
        site_with_data(bench)
        process = bench.start_paused("new-site.replaced", "--yes", "new-site", "site", "--force", "--install-app", "app")
        assert process is not None
        bench.kill(process)
        assert not bench.site().exists()
        assert "took the place" in bench.run("recover").stdout
        assert bench.applied() == [] and "tabNote" not in bench.tables()
        assert (bench.path / "archived" / "sites" / "site" / "site_config.json").exists()
        assert not (bench.path / "sites" / ".new").exists()
        check_clean(bench)


def migrate_that_only_skips():
    """Nothing was applied, and yet the run was committed: its rows are in the log."""
    with Bench() as bench:
        site_with_data(bench)
        bench.patch("broken", "INSERT INTO nowhere VALUES (1);")
        bench.kill(bench.start_paused("migrate.committed", "--site", "site", "migrate", "--skip-failing"))
        told = bench.run("--site", "site", "recover").stdout
        assert "its run was committed" in told, told
        assert bench.query("SELECT skipped FROM \"tabPatch Log\" WHERE patch = 'app.patches.broken'") == [(1,)]
        assert bench.operations()[-1]["state"] == "done"
        check_clean(bench)


def hook_that_is_killed_leaves_no_password():
    with Bench() as bench:
        site_with_data(bench)
        bench.patch("second", "CREATE TABLE tabSecond (id INTEGER);")
        (bench.app / "app.yaml").write_text(
            "name: app\ntitle: App\nversion: 1.0.0\nread_only: true\nhooks: {after_migrate: [hook]}\n"
        )
        hook = bench.app / "hook"
        hook.write_text(f"#!/bin/sh\ntouch {bench.path}/hooked\nexec sleep 2\n")
        hook.chmod(0o755)
        process = bench.start("--site", "site", "migrate")
        while not (bench.path / "hooked").exists():
            assert process.poll() is None
        bench.kill(process)
        bench.run("--site", "site", "backup", "--wait", "60s")
        check_clean(bench)


def set_config_point(point):
    with Bench() as bench:
        site_with_data(bench)
        before = bench.config()
        process = bench.start_paused(point, "--site", "site", "set-config", "key", "value")
        assert process is not None, f"set-config does not pass {point}"
        bench.kill(process)
        assert bench.config() in (before, {**before, "key": "value"})
        bench.run("--site", "site", "set-config", "other", "1")
        assert bench.config()["other"] == 1
        assert not list(bench.site().glob(".*bench-tmp"))
        check_clean(bench)


def record_of_the_drop(site):
    return next(record for file in sorted((site / "operations").glob("*.json"))
                if (record := json.loads(file.read_text()))["kind"] == "drop-site")


def drop_site_point():
    archived = Path("archived") / "sites" / "site"
    for point in ("drop-site.backed-up", "drop-site.marked"):
        with Bench() as bench:
            site_with_data(bench)
            process = bench.start_paused(point, "--site", "site", "--yes", "drop-site")
            bench.kill(process)
            told = bench.run("recover").stdout
            assert "the site is as it was, and the set" in told and "is there" in told, told
            assert record_of_the_drop(bench.site())["state"] == "undone"
            assert not (bench.path / "sites" / ".new").exists()
            check_clean(bench)
            bench.run("--site", "site", "--yes", "drop-site")
            assert not bench.site().exists()
            assert (bench.path / archived / "site_config.json").exists()
    with Bench() as bench:
        site_with_data(bench)
        bench.kill(bench.start_paused("drop-site.archived", "--site", "site", "--yes", "drop-site"))
        told = bench.run("recover").stdout
        assert "dropping this site was interrupted" in told and "with its database" in told, told
        assert record_of_the_drop(bench.path / archived)["state"] == "done"
        assert list((bench.path / archived / "db").glob("*.db"))


def later_command_tells():
    """Any command on the site says that an operation was interrupted, and what to type."""
    with Bench() as bench:
        site_with_data(bench)
        bench.patch("second", "CREATE TABLE tabSecond (id INTEGER);")
        bench.kill(bench.start_paused("window.fenced", "--site", "site", "migrate"))
        told = bench.run("--site", "site", "show-config").stderr
        assert "interrupted" in told and "bench --site site recover" in told, told
        bench.run("--site", "site", "recover")
        assert "interrupted" not in bench.run("--site", "site", "show-config").stderr


def orphan_keeps_the_site_busy():
    """A foreign migrator that outlives bench still holds the site."""
    with Bench() as bench:
        site_with_data(bench)
        marker = Path(bench.path) / "started"
        process = bench.start(
            "--site", "site", "run-in-maintenance", "--", "sh", "-c", f"touch {marker}; exec sleep 8"
        )
        while not marker.exists():
            assert process.poll() is None
        bench.kill(process)
        bench.run("--site", "site", "migrate", expect=5)
        told = bench.run("--site", "site", "recover", "--wait", "60s", expect=8)
        assert "set-maintenance-mode off" in told.stderr, told.stderr
        assert bench.config()["maintenance_mode"] == 1
        bench.run("--site", "site", "set-maintenance-mode", "off")
        assert "maintenance_mode" not in bench.config()


CASES = {f"migrate@{point}": lambda point=point: migrate_point(point) for point in MIGRATE_POINTS}
CASES |= {f"restore@{point}": lambda point=point: restore_point(point) for point in RESTORE_POINTS}
CASES |= {f"backup@{point}": lambda point=point: backup_point(point) for point in BACKUP_POINTS}
CASES |= {f"new-site@{point}": lambda point=point: new_site_point(point) for point in NEW_SITE_POINTS}
CASES |= {f"set-config@{point}": lambda point=point: set_config_point(point) for point in CONFIG_POINTS}
CASES |= {
    "drop-site@drop-site.backed-up": drop_site_point,
    "new-site-in-place-of-another": new_site_in_place_of_another,
    "migrate-that-only-skips": migrate_that_only_skips,
    "hook-that-is-killed-leaves-no-password": hook_that_is_killed_leaves_no_password,
    "later-command-tells": later_command_tells,
    "orphan-keeps-the-site-busy": orphan_keeps_the_site_busy,
}

if __name__ == "__main__":
    main(CASES)
