"""kill -9 of bench at each named point where a server keeps the database: the site is as before or as after, never between."""

import kill_test
from bench_folder import is_locked, main
from kill_test import NEW_SITE_POINTS, RESTORE_POINTS
from server_bench import ServerBench
from servers import KINDS

MIGRATE_POINTS = kill_test.MIGRATE_POINTS + ["migrate.statement-begun", "migrate.statement-applied", "change.after-backup-open"]
UNDO_POINTS = ["put-back.proven", "put-back.swapped", "put-back.rights-restored", "window.lifted"]
# The others are those of a migrate, which tells the same story.
RUN_PATCH_POINTS = ["migrate.statement-begun", "migrate.statement-applied", "migrate.committed", "window.lifted"]
LOST_DATABASE_POINTS = ["restore.database-begun", "restore.database-made", "restore.proven", "window.fenced", "restore.kept"]
DROP_POINTS = ["drop-site.backed-up", "drop-site.marked", "drop-site.archived"]
SITE = ("--site", "site")


def site_with_data(bench):
    bench.patch("base", "CREATE TABLE note (id INTEGER PRIMARY KEY, words VARCHAR(50));\nINSERT INTO note VALUES (1, 'one');")
    bench.new_site()
    bench.run(*SITE, "migrate", "--backup", "none")
    (bench.site() / "public" / "files" / "open.txt").write_text("open")


def check_clean(bench):
    assert bench.leftovers() == [], bench.leftovers()
    assert not is_locked(bench.site() / "locks" / "bench_migrate.lock")
    for record in bench.operations():
        assert record["state"] in ("done", "undone"), record
    assert "maintenance_mode" not in bench.config(), bench.config()
    assert bench.can_write("note")


def kill_at(bench, point, *command):
    process = bench.start_paused(point, *command)
    assert process is not None, f"{' '.join(command)} does not pass {point}"
    bench.kill(process)
    bench.server.wait_for_sessions_to_end()


def add_patches(bench, number):
    """Two patches; one has a statement that no transaction takes back."""
    alone = bench.server.variant(
        f"ALTER TABLE note ADD INDEX more_{number} (more_{number})", f"CREATE INDEX CONCURRENTLY more_{number} ON note (more_{number})"
    )
    bench.patch(
        f"a{number:02}", f"ALTER TABLE note ADD COLUMN more_{number} VARCHAR(9);\nUPDATE note SET more_{number} = 'm';\n{alone};\n"
    )
    bench.patch(f"b{number:02}", f"CREATE TABLE third_{number} (id INTEGER PRIMARY KEY);\n")


def check_whole(bench, number):
    """All of the run or nothing; answers which."""
    done = [name for name in bench.applied() if name.endswith(f"{number:02}")]
    assert len(done) in (0, 2), done
    assert (f"third_{number}" in bench.tables()) == bool(done)
    assert (f"more_{number}" in bench.columns("note")) == bool(done)
    assert bench.query("SELECT id, words FROM note") == [("1", "one")]
    if done:
        assert bench.query(f"SELECT more_{number} FROM note") == [("m",)]
    return bool(done)


def migrate(kind, points):
    with ServerBench(kind) as bench:
        site_with_data(bench)
        before = bench.config_text()
        for number, point in enumerate(points):
            add_patches(bench, number)
            kill_at(bench, point, *SITE, "migrate")
            assert bench.query("SELECT words FROM note") == [("one",)], "it cannot be read meanwhile"
            if number % 2 == 0:
                bench.run(*SITE, "recover")
                check_whole(bench, number)
                assert bench.config_text() == before, point
                check_clean(bench)
            bench.run(*SITE, "migrate")
            assert check_whole(bench, number), point
            assert bench.config_text() == before, point
            check_clean(bench)


def undo_of_a_migrate(kind):
    """Killed while the before-backup takes the place of what failed; and the same again while `recover` does it."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        gives = bench.server.variant("", "GRANT SELECT ON note TO PUBLIC;\n")
        bench.patch("second", f"ALTER TABLE note ADD COLUMN more VARCHAR(9);\nUPDATE note SET words = 'lost';\n{gives}")
        bench.patch("third", "INSERT INTO nowhere VALUES (1);\n")
        before = bench.server.content(bench.config())
        for point in UNDO_POINTS:
            kill_at(bench, point, *SITE, "migrate")
            if point == "put-back.proven":
                kill_at(bench, point, *SITE, "recover")
            told = bench.run(*SITE, "recover").stdout
            assert "as it was" in told, told
            assert bench.server.content(bench.config()) == before
            check_clean(bench)


def restore(kind):
    with ServerBench(kind) as bench:
        site_with_data(bench)
        manifest = bench.json(*SITE, "backup", "--with-files")["results"][0]["manifest"]
        before = bench.config_text()
        for number, point in enumerate(RESTORE_POINTS):
            if bench.query("SELECT count(*) FROM note") == [("1",)]:
                bench.query("INSERT INTO note (id, words) VALUES (2, 'two')")
            open_text = bench.site() / "public" / "files" / "open.txt"
            open_text.write_text("changed")
            kill_at(bench, point, *SITE, "--yes", "restore", manifest, "--with-public-files")
            if number % 2 == 0:
                bench.run(*SITE, "recover")
            else:
                bench.run(*SITE, "backup")
            rows = bench.query("SELECT words FROM note ORDER BY id")
            is_restored = rows == [("one",)]
            assert is_restored or rows == [("one",), ("two",)], rows
            assert open_text.read_text() == ("open" if is_restored else "changed"), (point, rows)
            assert bench.config_text() == before, point
            check_clean(bench)


def restore_of_a_lost_database(kind):
    """Cut off on the way from making it anew to the swap: what there was of it goes, and the next restore makes it."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        manifest = bench.json(*SITE, "backup")["results"][0]["manifest"]
        name = bench.config()["db_name"]
        quoted = bench.server.variant(f"`{name}`", f'"{name}"')
        lose = f"DROP DATABASE {quoted}"
        for point in LOST_DATABASE_POINTS:
            bench.server.as_admin(lose)
            kill_at(bench, point, *SITE, "--yes", "restore", manifest)
            if point == "restore.database-begun":
                # As a kill leaves it that comes between two statements of making it.
                bench.server.as_admin(f"CREATE DATABASE {quoted}")
            assert "as it was" in bench.run(*SITE, "recover").stdout, point
            assert bench.server.databases() == [] and bench.server.accounts() == [], point
            bench.run(*SITE, "--yes", "restore", manifest)
            assert bench.query("SELECT words FROM note") == [("one",)]
            check_clean(bench)
        bench.server.as_admin(lose)
        broken = bench.path / "broken.sql"
        broken.write_text("CREATE TABLE note (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);\n")
        bench.run(*SITE, "--yes", "restore", str(broken), expect=6)
        assert bench.server.databases() == [] and bench.server.accounts() == []
        kill_at(bench, "restore.database-made", *SITE, "--yes", "restore", manifest)
        bench.server.as_admin("CREATE TABLE theirs (id INTEGER PRIMARY KEY)", name)
        bench.run(*SITE, "recover")
        assert bench.server.databases() == [name], "what somebody put there is lost"


def new_site(kind):
    with ServerBench(kind) as bench:
        for point in NEW_SITE_POINTS:
            process = bench.start_paused(point, *bench.new_site_arguments())
            assert process is not None, f"new-site does not pass {point}"
            bench.kill(process)
            exists = bench.site().exists()
            assert exists == (point == "new-site.published")
            bench.run("recover")
            assert not (bench.path / "sites" / ".new").exists()
            if not exists:
                assert bench.server.databases() == [] and bench.server.accounts() == [], point
        bench.patch("base", "CREATE TABLE note (id INTEGER PRIMARY KEY);")
        bench.run(*SITE, "migrate")
        check_clean(bench)


def new_site_in_place_of_another(kind):
    """Cut off when the old site is in the archive and the new one is not yet in its place."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        other = ["--db-name", bench.server.name("other"), "--force"]
        kill_at(bench, "new-site.replaced", "--yes", *bench.new_site_arguments()[:-2], *other)
        assert not bench.site().exists()
        assert "took the place" in bench.run("recover").stdout
        assert bench.config()["db_name"] == bench.server.name("other")
        bench.run(*SITE, "migrate")
        check_clean(bench)


def drop_site(kind):
    with ServerBench(kind) as bench:
        for point in DROP_POINTS:
            site_with_data(bench)
            kill_at(bench, point, *SITE, "--yes", "drop-site")
            bench.run("recover")
            if point != "drop-site.archived":
                assert bench.query("SELECT words FROM note") == [("one",)]
                check_clean(bench)
                bench.run(*SITE, "--yes", "drop-site")
            assert not bench.site().exists()
            assert bench.server.databases() == [] and bench.server.accounts() == [], point
            assert not (bench.path / "sites" / ".new").exists()
            (bench.app / "patches.txt").write_text("")
        archived = sorted(path.name for path in (bench.path / "archived" / "sites").iterdir())
        assert archived == ["site", "site1", "site2"], archived


def maintenance_mode(kind):
    with ServerBench(kind) as bench:
        site_with_data(bench)
        before, content = bench.config_text(), bench.server.content(bench.config())
        for point in ("window.saved", "window.config-set", "window.fence-saved", "window.fenced"):
            kill_at(bench, point, *SITE, "set-maintenance-mode", "on")
            bench.run(*SITE, "recover")
            assert bench.config_text() == before and bench.server.content(bench.config()) == content, point
            check_clean(bench)
        for point in ("window.lifted", "config.renamed"):
            bench.run(*SITE, "set-maintenance-mode", "on")
            assert not bench.can_write("note")
            kill_at(bench, point, *SITE, "set-maintenance-mode", "off")
            bench.run(*SITE, "set-maintenance-mode", "off")
            assert bench.config_text() == before and bench.server.content(bench.config()) == content, point
            check_clean(bench)


def backup(kind):
    with ServerBench(kind) as bench:
        site_with_data(bench)
        for point in ("backup.database-written", "backup.files-written", "backup.before-manifest", "backup.done"):
            kill_at(bench, point, *SITE, "backup", "--with-files")
            bench.run(*SITE, "recover")
            check_clean(bench)
        for listed in bench.json(*SITE, "list-backups")["results"][0]["sets"]:
            bench.run(*SITE, "verify-backup", listed["manifest"], "--drill")
        check_clean(bench)


def foreign_migrator(kind):
    """Killed with its command at work: what that wrote is taken back. Killed after it: its work is kept."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        shell = bench.server.variant(
            f'mariadb --no-defaults -S "{bench.server.socket}" -u "$FRAPPE_DB_USER" "$FRAPPE_DB_NAME" -e',
            'psql -X "$DATABASE_URL" -c',
        )
        write = f"{shell} \"UPDATE note SET words = 'foreign'\""
        marker = bench.path / "written"
        process = bench.start(*SITE, "run-in-maintenance", "--", "sh", "-c", f"{write}; touch {marker}; exec sleep 3")
        while not marker.exists():
            assert process.poll() is None
        bench.kill(process)
        bench.run(*SITE, "migrate", expect=5)
        kill_at(bench, "window.lifted", *SITE, "recover", "--wait", "60s")
        bench.query("INSERT INTO note (id, words) VALUES (2, 'acknowledged')")
        assert "only the lift was to be finished" in bench.run(*SITE, "recover").stdout
        assert bench.query("SELECT words FROM note ORDER BY id") == [("one",), ("acknowledged",)]
        check_clean(bench)
        bench.query("DELETE FROM note WHERE id = 2")
        kill_at(bench, "run-in-maintenance.command-ended", *SITE, "run-in-maintenance", "--", "sh", "-c", write)
        bench.run(*SITE, "recover")
        assert bench.query("SELECT words FROM note") == [("foreign",)]
        check_clean(bench)


def run_patch(kind):
    """One patch alone, and then once more by force: it ran as a whole or not at all, and no other patch did."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        before = bench.config_text()
        bench.query("INSERT INTO note (id, words) VALUES (2, 'two')")
        for number, point in enumerate(RUN_PATCH_POINTS):
            index = f"words_{number}"
            drop = bench.server.variant(f"DROP INDEX IF EXISTS {index} ON note", f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            make = bench.server.variant(f"CREATE INDEX {index} ON note (words)", f"CREATE INDEX CONCURRENTLY {index} ON note (words)")
            bench.patch(f"r{number}", f"UPDATE note SET words = concat(words, '!') WHERE id = 2;\n{drop};\n{make};\n")
            bench.patch(f"s{number}", f"CREATE TABLE other_{number} (id INTEGER PRIMARY KEY);\n")
            marks = int(bench.query("SELECT length(words) FROM note WHERE id = 2")[0][0])
            for options in ([], ["--force"]):
                kill_at(bench, point, *SITE, "run-patch", f"app.patches.r{number}", *options)
                bench.run(*SITE, "recover")
                now = int(bench.query("SELECT length(words) FROM note WHERE id = 2")[0][0])
                assert now - marks in (0, 1), (point, options, marks, now)
                assert now > marks or options or f"app.patches.r{number}" not in bench.applied(), point
                if now == marks:
                    bench.run(*SITE, "run-patch", f"app.patches.r{number}", *options)
                marks += 1
                assert bench.query("SELECT length(words) FROM note WHERE id = 2") == [(str(marks),)], point
                assert f"app.patches.r{number}" in bench.applied() and f"other_{number}" not in bench.tables()
                assert bench.config_text() == before, point
                check_clean(bench)


def mark_applied(kind):
    """The patch is in the log or it is not; it never runs, and the site was never closed."""
    with ServerBench(kind) as bench:
        site_with_data(bench)
        before = bench.config_text()
        for number, point in enumerate(("mark-applied.before-commit", "mark-applied.committed")):
            name = f"app.patches.mark{number}"
            bench.patch(f"mark{number}", f"CREATE TABLE marked_{number} (id INTEGER PRIMARY KEY);\n")
            kill_at(bench, point, *SITE, "mark-applied", "app", name)
            told = bench.run(*SITE, "recover").stdout
            assert ("committed" in told) == (name in bench.applied()) == (point == "mark-applied.committed"), told
            check_clean(bench)
            bench.run(*SITE, "mark-applied", "app", name)
            bench.run(*SITE, "migrate", "--check")
            assert name in bench.applied() and f"marked_{number}" not in bench.tables()
            assert bench.config_text() == before
            check_clean(bench)


def each_server(name, case, *arguments):
    return {f"{name}, {kind}": lambda kind=kind: case(kind, *arguments) for kind in KINDS}


CASES = {
    **each_server("migrate, before the patches", migrate, MIGRATE_POINTS[:10]),
    **each_server("migrate, from the patches on", migrate, MIGRATE_POINTS[10:]),
    **each_server("undo of a migrate", undo_of_a_migrate),
    **each_server("restore", restore),
    **each_server("restore of a lost database", restore_of_a_lost_database),
    **each_server("new-site", new_site),
    **each_server("new-site in place of another", new_site_in_place_of_another),
    **each_server("drop-site", drop_site),
    **each_server("maintenance mode", maintenance_mode),
    **each_server("backup", backup),
    **each_server("foreign migrator", foreign_migrator),
    **each_server("run-patch", run_patch),
    **each_server("mark-applied", mark_applied),
}

if __name__ == "__main__":
    main(CASES)
