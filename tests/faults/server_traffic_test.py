"""Readers and writers of the app through a migrate and a restore where a server keeps the database."""

import contextlib
import re
import threading
import time
from datetime import datetime

from bench_folder import main
from server_bench import ServerBench
from servers import KINDS, Lost, Refused

SITE = ("--site", "site")
READ = "SELECT count(*), max(id) FROM note; SELECT count(*) FROM page"


class Client(threading.Thread):
    """An app process: it has one connection, and another one when that was ended."""

    def __init__(self, bench, stop):
        super().__init__(daemon=True)
        self._bench, self._stop_asked = bench, stop
        self._config = bench.config()
        self._session = bench.server.session(self._config)
        self.errors = []

    def run(self):
        try:
            while not self._stop_asked.is_set():
                self.work()
        except Exception as error:
            self.errors.append(repr(error))

    def connect_again(self):
        self._session = self._bench.server.session(self._config)


class Reader(Client):
    """A read that is lost with its connection is tried once more, as every driver's pool does."""

    reads = 0
    longest = 0.0

    def work(self):
        begun = time.monotonic()
        try:
            self.read()
        except Lost:
            self.connect_again()
            self.read()
        self.longest = max(self.longest, time.monotonic() - begun)
        self.reads += 1

    def read(self):
        self._session.run(READ)


class ReaderAnew(Reader):
    """It connects for each read."""

    def read(self):
        self._bench.query(READ)
        time.sleep(0.02)


class Writer(Client):
    def __init__(self, bench, stop, number):
        super().__init__(bench, stop)
        self._number, self._serial = number, 0
        self.acknowledged, self.refused, self.unknown = [], 0, []

    def work(self):
        self._serial += 1
        word = f"writer {self._number} row {self._serial}"
        begun = time.time()
        try:
            self._session.run(f"INSERT INTO note (id, words) VALUES ({self._number * 1000000 + self._serial}, '{word}')")
            self.acknowledged.append((begun, time.time(), word))
        except Lost:
            self.unknown.append(word)
            self.connect_again()
        except Refused as refused:
            assert "denied" in str(refused) or "read-only" in str(refused), refused
            self.refused += 1
        time.sleep(0.005)


@contextlib.contextmanager
def traffic(bench):
    stop = threading.Event()
    readers = [Reader(bench, stop), Reader(bench, stop), ReaderAnew(bench, stop)]
    writers = [Writer(bench, stop, number) for number in (1, 2)]
    for client in readers + writers:
        client.start()
    try:
        time.sleep(0.4)
        yield readers, writers
        # On a loaded machine it takes them a while to connect again. Whether they could is for the case to say.
        ended = time.time()
        while time.time() < ended + 20 and not any(begun > ended for one in writers for begun, _, _ in one.acknowledged):
            time.sleep(0.1)
    finally:
        stop.set()
        for client in readers + writers:
            client.join(timeout=60)


def site_with_tables(bench):
    bench.patch(
        "base",
        "CREATE TABLE note (id INTEGER PRIMARY KEY, words VARCHAR(50));\n"
        "CREATE TABLE page (id INTEGER PRIMARY KEY, words VARCHAR(50));\nCREATE TABLE slow (n INTEGER);\n",
    )
    bench.new_site()
    bench.run(*SITE, "migrate", "--backup", "none")


def slow(bench):
    rows = bench.server.variant("SELECT seq FROM seq_1_to_300000", "SELECT n FROM generate_series(1, 300000) n")
    return f"INSERT INTO slow {rows};\nDELETE FROM slow;\n"


def check_readers(readers):
    for reader in readers:
        assert reader.errors == [], reader.errors
        assert reader.reads >= 10, reader.reads
        assert reader.longest < 5, f"a read took {reader.longest} s"


def check_writes(bench, writers):
    """What was acknowledged is there; what was refused is not."""
    rows = {word for (word,) in bench.query("SELECT words FROM note")}
    for writer in writers:
        assert writer.errors == [], writer.errors
        assert writer.refused > 0
        assert [word for _, _, word in writer.acknowledged if word not in rows] == []
    known = {word for writer in writers for _, _, word in writer.acknowledged}
    assert rows - known <= {word for writer in writers for word in writer.unknown}


def epoch(iso):
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def check_fence(bench, writers, steps):
    times = {step["name"]: epoch(step["begun"]) for step in bench.operations()[-1]["steps"]}
    begun, lifted = times[steps[0]], times[steps[1]]
    acknowledged = [one for writer in writers for one in writer.acknowledged]
    inside = [one for one in acknowledged if one[0] > begun and one[1] < lifted]
    assert inside == [], f"acknowledged inside the window: {inside}"
    assert [one for one in acknowledged if one[0] > lifted], "nobody could write after the lift"


def migrate(kind):
    with ServerBench(kind) as bench:
        site_with_tables(bench)
        bench.patch("one", slow(bench) + "ALTER TABLE note ADD COLUMN a VARCHAR(9);\n")
        bench.patch("two", slow(bench) + "ALTER TABLE page ADD COLUMN b VARCHAR(9);\n")
        with traffic(bench) as (readers, writers):
            result = bench.json(*SITE, "migrate")["results"][0]
        assert (result["result"], result["window"]["fence"]) == ("migrated", "database"), result
        check_readers(readers)
        check_writes(bench, writers)
        check_fence(bench, writers, ("apply", "lift"))


def failing_migrate(kind):
    with ServerBench(kind) as bench:
        site_with_tables(bench)
        before = bench.config_text()
        bench.patch("one", slow(bench) + "ALTER TABLE note ADD COLUMN a VARCHAR(9);\n")
        bench.patch("two", "DELETE FROM note;\nINSERT INTO nowhere VALUES (1);\n")
        with traffic(bench) as (readers, writers):
            result = bench.json(*SITE, "migrate", expect=7)["results"][0]
        assert result["result"] == "undone", result
        assert bench.columns("note") == ["id", "words"] and bench.config_text() == before
        check_readers(readers)
        check_writes(bench, writers)
        check_fence(bench, writers, ("apply", "lift"))
        assert bench.leftovers() == []


def restore(kind):
    with ServerBench(kind) as bench:
        site_with_tables(bench)
        bench.query("INSERT INTO note (id, words) VALUES (1, 'old')")
        manifest = bench.json(*SITE, "backup")["results"][0]["manifest"]
        with traffic(bench) as (readers, writers):
            bench.run(*SITE, "--yes", "restore", manifest)
        check_readers(readers)
        rows = {word for (word,) in bench.query("SELECT words FROM note")}
        lifted = [word for writer in writers for begun, _, word in writer.acknowledged if word in rows]
        assert "old" in rows and lifted, "nobody could write after the restore"
        for writer in writers:
            assert writer.errors == [], writer.errors
        assert bench.leftovers() == []


def transaction_in_flight(kind):
    """It is waited for, and named when it does not end."""
    with ServerBench(kind) as bench:
        site_with_tables(bench)
        bench.patch("one", "CREATE TABLE one (id INTEGER);")
        writer = bench.server.session(bench.config())
        writer.run("BEGIN; INSERT INTO note (id, words) VALUES (1, 'held')")
        told = bench.run(*SITE, "migrate", "--drain-timeout", "300ms", expect=5).stderr
        assert bench.config()["db_name"] in told and "--end-writers" in told, told
        assert "maintenance_mode" not in bench.config()
        writer.run("INSERT INTO note (id, words) VALUES (2, 'still allowed')")
        process = bench.start(*SITE, "migrate", "--drain-timeout", "60s")
        told = []
        while not re.search(f"waiting for .*{bench.config()['db_name']}", "".join(told)):
            line = process.stderr.readline()
            assert line, f"it did not wait: {told}"
            told.append(line)
        # MariaDB's fence may end the session before it has asked for the end of the answer.
        with contextlib.suppress(Lost):
            writer.run("COMMIT")
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert bench.query("SELECT words FROM note ORDER BY id") == [("held",), ("still allowed",)]


CASES = {
    f"{name}, {kind}": lambda case=case, kind=kind: case(kind)
    for name, case in {
        "migrate": migrate,
        "failing migrate": failing_migrate,
        "restore": restore,
        "transaction in flight": transaction_in_flight,
    }.items()
    for kind in KINDS
}

if __name__ == "__main__":
    main(CASES)
