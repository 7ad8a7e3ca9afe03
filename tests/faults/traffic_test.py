"""Readers and writers of other processes through a migrate with slow patches."""

import multiprocessing
import os
import sqlite3
import time

from bench_folder import Bench, main

SLOW = (
    "INSERT INTO tabSlow SELECT count(*) FROM "
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT i FROM n);\n"
)


def read_until(stop, file, results):
    """Reads both tables in one snapshot; the schema must be the old one or the new one, never a mixture."""
    seen, reads, errors = set(), 0, []
    connection = sqlite3.connect(file, isolation_level=None)
    # Whoever opens the database first builds its index of the log, and the others wait for that.
    connection.execute("SELECT count(*) FROM tabNote").fetchall()
    connection.execute("PRAGMA busy_timeout = 0")
    while not stop.is_set():
        try:
            connection.execute("BEGIN")
            note = tuple(row[1] for row in connection.execute("PRAGMA table_info(tabNote)"))
            page = tuple(row[1] for row in connection.execute("PRAGMA table_info(tabPage)"))
            extra = bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'tabSlow'").fetchall())
            connection.execute("SELECT count(*), max(id) FROM tabNote").fetchall()
            connection.execute("SELECT count(*), max(id) FROM tabPage").fetchall()
            connection.execute("COMMIT")
            seen.add((note, page, extra))
            reads += 1
        except sqlite3.Error as error:
            errors.append(repr(error))
            break
    results.put((seen, reads, errors))


def write_until(stop, file, number, timeout, results):
    """Writes as an app that waits for `timeout` seconds; remembers what was acknowledged, and when the write had begun."""
    acknowledged, refused = [], 0
    connection = sqlite3.connect(file, timeout=timeout, isolation_level=None)
    serial = 0
    while not stop.is_set():
        serial += 1
        words = f"writer {number} row {serial}"
        begun = time.time()
        try:
            connection.execute("INSERT INTO tabNote (words) VALUES (?)", (words,))
            acknowledged.append((begun, time.time(), words))
        except sqlite3.OperationalError as error:
            assert "locked" in str(error), error
            refused += 1
        time.sleep(0.001)
    results.put((acknowledged, refused))


def epoch(iso):
    from datetime import datetime

    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def step_times(record):
    return {step["name"]: (epoch(step["begun"]), epoch(step["finished"])) for step in record["steps"]}


def with_traffic(bench, readers, writers, work, timeout=0):
    """Runs `work` while processes read and write; returns its result and what they saw."""
    stop = multiprocessing.Event()
    read_results, write_results = multiprocessing.Queue(), multiprocessing.Queue()
    file = str(bench.database_file())
    processes = [multiprocessing.Process(target=read_until, args=(stop, file, read_results)) for _ in range(readers)]
    processes += [
        multiprocessing.Process(target=write_until, args=(stop, file, number, timeout, write_results)) for number in range(writers)
    ]
    for process in processes:
        process.start()
    try:
        time.sleep(0.3)
        result = work()
        time.sleep(0.3)
    finally:
        stop.set()
    seen = [read_results.get(timeout=60) for _ in range(readers)]
    written = [write_results.get(timeout=60) for _ in range(writers)]
    for process in processes:
        process.join()
    return result, seen, written


def site_with_tables(bench):
    bench.patch(
        "base",
        "CREATE TABLE tabNote (id INTEGER PRIMARY KEY, words TEXT);\nCREATE TABLE tabPage (id INTEGER PRIMARY KEY, t TEXT);",
    )
    bench.new_site()
    bench.run("--site", "site", "migrate", "--backup", "none")


OLD = (("id", "words"), ("id", "t"), False)
NEW = (("id", "words", "a"), ("id", "t", "b"), True)


def slow_migrate():
    with Bench() as bench:
        site_with_tables(bench)
        bench.patch("one", "ALTER TABLE tabNote ADD COLUMN a TEXT;\nCREATE TABLE tabSlow (n);\n" + SLOW)
        bench.patch("two", SLOW + "ALTER TABLE tabPage ADD COLUMN b TEXT;\n" + SLOW)
        answer, seen, written = with_traffic(bench, 2, 2, lambda: bench.json("--site", "site", "migrate"))
        result = answer["results"][0]
        assert result["result"] == "migrated", result
        assert result["window"]["fence"] == "database", result
        assert result["window"]["duration_ms"] > 300, "the patches were not slow enough to show anything"

        for schemas, reads, errors in seen:
            assert errors == [], errors
            assert reads > 50, reads
            assert schemas <= {OLD, NEW}, schemas
            assert NEW in schemas and OLD in schemas

        rows = {row[0] for row in bench.query("SELECT words FROM tabNote")}
        acknowledged = [one for writer, _ in written for one in writer]
        missing = [words for _, _, words in acknowledged if words not in rows]
        assert missing == [], missing
        assert len(rows) == len(acknowledged)
        assert sum(refused for _, refused in written) > 0

        times = step_times(bench.operations()[-1])
        apply_begun, apply_ended = times["apply"]
        lift_begun, _ = times["lift"]
        # The step ends behind the commit, at which the fence is taken anew.
        patched = apply_begun + sum(patch["duration_ms"] for patch in result["patches"]) / 1000
        assert patched <= apply_ended + 0.01, (patched, apply_ended)
        inside = [one for one in acknowledged if one[0] > apply_begun and one[1] < patched]
        assert inside == [], f"acknowledged between the fence and the commit: {inside}"
        after = [one for one in acknowledged if one[0] > patched and one[1] < lift_begun]
        assert not after or result["window"]["slipped_in"], f"slipped in and not reported: {after}"
        assert [one for one in acknowledged if one[0] > lift_begun], "nobody could write after the lift"


def failing_migrate():
    with Bench() as bench:
        site_with_tables(bench)
        before = bench.config_text()
        bench.patch("one", "ALTER TABLE tabNote ADD COLUMN a TEXT;\n" + SLOW.replace("tabSlow", "tabPage (id)"))
        bench.patch("two", "DELETE FROM tabNote;\nINSERT INTO nowhere VALUES (1);\n")
        answer, seen, written = with_traffic(bench, 2, 2, lambda: bench.json("--site", "site", "migrate", expect=7))
        result = answer["results"][0]
        assert result["result"] == "undone", result
        assert "line 2" in result["error"]["message"] and "nowhere" in result["error"]["message"], result["error"]
        for schemas, _, errors in seen:
            assert errors == [] and schemas == {OLD}, (errors, schemas)
        rows = {row[0] for row in bench.query("SELECT words FROM tabNote")}
        assert [words for writer, _ in written for _, _, words in writer if words not in rows] == []
        assert bench.config_text() == before
        assert bench.leftovers() == []


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def long_writer_is_waited_for():
    with Bench() as bench:
        site_with_tables(bench)
        bench.patch("one", "CREATE TABLE tabSlow (n);")
        writer = bench.connect()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO tabNote (words) VALUES ('held')")
        told = bench.json("--site", "site", "migrate", "--drain-timeout", "300ms", expect=5)
        assert "did not finish" in told["error"]["message"] or "did not finish" in told["results"][0]["error"]["message"], told
        assert told["results"][0]["operation"] and told["results"][0]["result"] == "undone", told
        assert "maintenance_mode" not in bench.config()
        told = bench.run("--site", "site", "migrate", "--drain-timeout", "300ms", "--end-writers", expect=5).stderr
        assert "SQLite has no sessions that could be ended" in told, told
        process = bench.start("--json", "--site", "site", "migrate", "--drain-timeout", "30s")
        wait_until(lambda: bench.config().get("maintenance_mode") == 1)
        time.sleep(0.5)
        process.terminate()
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 143, (process.returncode, stderr)
        assert "interrupted while waiting for writers" in stderr and "hint: when there is time for it" in stderr, stderr
        assert "maintenance_mode" not in bench.config()
        process = bench.start("--json", "--site", "site", "migrate", "--drain-timeout", "30s")
        wait_until(lambda: bench.config().get("maintenance_mode") == 1)
        time.sleep(1.5)
        assert process.poll() is None, "it did not wait"
        writer.execute("COMMIT")
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        assert f"waiting for pid {os.getpid()}" in stderr, stderr
        assert bench.query("SELECT words FROM tabNote") == [("held",)]
        writer.close()


def backup_beside_writers():
    """A backup outside a window is a consistent snapshot while writers go on, and its drill proves it."""
    with Bench() as bench:
        site_with_tables(bench)
        connection = bench.connect()
        connection.execute(
            "INSERT INTO tabPage (t) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
            "SELECT hex(randomblob(20)) FROM n"
        )
        connection.close()
        answer, seen, written = with_traffic(bench, 1, 2, lambda: bench.json("--site", "site", "backup"), timeout=5)
        assert all(errors == [] for _, _, errors in seen)
        manifest = answer["results"][0]["manifest"]
        bench.run("--site", "site", "verify-backup", manifest, "--drill")
        assert [refused for _, refused in written] == [0, 0]
        assert sum(len(acknowledged) for acknowledged, _ in written) > 20


CASES = {
    "slow-migrate": slow_migrate,
    "failing-migrate": failing_migrate,
    "long-writer-is-waited-for": long_writer_is_waited_for,
    "backup-beside-writers": backup_beside_writers,
}

if __name__ == "__main__":
    main(CASES)
