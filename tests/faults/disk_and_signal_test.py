"""A full disk, Ctrl-C, SIGTERM and a hang-up in the middle of a migrate: the site is as it was."""

import os
import shutil
import signal
import subprocess
import sys
import time

from bench_folder import Bench, main

ENDLESS = "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n;"


def prepared(bench):
    bench.patch("base", "CREATE TABLE tabNote (id INTEGER PRIMARY KEY, words TEXT);\nINSERT INTO tabNote VALUES (1, 'one');")
    bench.new_site()
    bench.run("--site", "site", "migrate", "--backup", "none")


def wait_for_step(bench, name, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        records = bench.operations()
        if records and records[-1]["state"] == "running" and records[-1]["steps"] and records[-1]["steps"][-1]["name"] == name:
            time.sleep(0.2)
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError(f"no step {name}")


def interrupted_by(number, code):
    with Bench() as bench:
        prepared(bench)
        before = bench.config_text()
        bench.patch("endless", ENDLESS)
        process = bench.start("--site", "site", "migrate")
        wait_for_step(bench, "apply", process)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        assert process.poll() is None, "a hang-up ended it"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
        assert process.returncode == code, (process.returncode, stderr)
        assert "interrupted" in stderr
        assert bench.config_text() == before
        assert bench.tables() == sorted({"tabNote", "tabPatch Log", "tabUser", *[t for t in bench.tables() if t.startswith("__bench")]})
        assert bench.operations()[-1]["state"] == "undone"
        assert bench.leftovers() == []


def second_signal_leaves_the_rest_to_recover():
    with Bench() as bench:
        prepared(bench)
        before = bench.config_text()
        bench.patch("endless", ENDLESS)
        process = bench.start_paused("change.before-apply", "--site", "site", "migrate")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        bench.resume(process)
        process.communicate(timeout=30)
        assert process.returncode in (130, 143), process.returncode
        bench.run("--site", "site", "recover")
        assert bench.config_text() == before
        assert bench.leftovers() == []


def on_small_disk(size, work):
    """Runs `work(folder)` in a child with a tmpfs of its own, in mount and user namespaces of its own."""
    if os.environ.get("BENCH_TEST_SMALL_DISK") is None:
        environment = {**os.environ, "BENCH_TEST_SMALL_DISK": "1"}
        # Root needs no user namespace, and inside a chroot may not have one.
        command = ["unshare", "-m" if os.geteuid() == 0 else "-rm", sys.executable, __file__, work.__name__.replace("_", "-")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    with Bench() as bench:
        prepared(bench)
        folder = bench.path.parent / "disk"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)
        try:
            work(bench, folder)
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def disk_fills_in_a_patch(bench, folder):
    for name in ("sites", "apps"):
        shutil.move(bench.path / name, folder / name)
        (bench.path / name).symlink_to(folder / name)
    before = bench.config_text()
    bench.patch("huge", "CREATE TABLE huge (b BLOB);\n" + "INSERT INTO huge VALUES (randomblob(4000000));\n" * 20)
    told = bench.run("--site", "site", "migrate", "--backup", "none", expect=7)
    assert "full" in told.stderr, told.stderr
    assert bench.config_text() == before
    assert bench.query("SELECT words FROM tabNote") == [("one",)]
    assert "huge" not in bench.tables()
    assert bench.operations()[-1]["state"] == "undone"
    assert bench.leftovers() == []


def disk_is_full_for_the_backup_after(bench, folder):
    (bench.site() / "private" / "backups").rmdir()
    (bench.site() / "private" / "backups").symlink_to(folder)
    (folder / "ballast").write_bytes(os.urandom(os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize))
    bench.patch("second", "CREATE TABLE tabSecond (id INTEGER);")
    told = bench.json("--site", "site", "migrate", "--backup", "after", expect=6)
    result = told["results"][0]
    assert result["result"] == "migrated", result
    assert result["error"]["kind"] == "bad-backup", result
    assert result["backups"]["after"] is None
    assert "tabSecond" in bench.tables()
    assert "maintenance_mode" not in bench.config()
    assert [path.name for path in folder.iterdir()] == ["ballast"]


CASES = {
    "interrupted-by-ctrl-c": lambda: interrupted_by(signal.SIGINT, 130),
    "interrupted-by-sigterm": lambda: interrupted_by(signal.SIGTERM, 143),
    "second-signal": second_signal_leaves_the_rest_to_recover,
    "disk-fills-in-a-patch": lambda: on_small_disk("24m", disk_fills_in_a_patch),
    "disk-is-full-for-the-backup-after": lambda: on_small_disk("2m", disk_is_full_for_the_backup_after),
}

if __name__ == "__main__":
    main(CASES)
