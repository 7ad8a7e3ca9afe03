"""Measures bench against its peers; see `run`, which starts this."""

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers import postgres_program
from serving import measure_serving

BENCH = os.path.abspath(os.environ["BENCH"])
DB_MB = int(os.environ.get("BENCH_PERF_DB_MB", "1024"))
STARTS = int(os.environ.get("BENCH_PERF_STARTS", "40"))
ROUNDS = int(os.environ.get("BENCH_PERF_ROUNDS", "3"))
PARTS = os.environ.get("BENCH_PERF_PARTS", "starts servers serving backups").split()
PATCHES = 600
SITE = "perf"
PEER_START = [sys.executable, "-I", "-S", "-c", "pass"]
SUPPORT = Path(__file__).resolve().parent.parent / "support"
# Patches of each kind that a site on a server has had: so many tables the fence covers.
TABLES = 300
# How a server's own client reads the log of patches; what bench does when nothing is pending.
SERVERS = {
    "mariadb": {
        "root": "root",
        "socket": lambda folder: (folder / "socket").read_text().strip(),
        "client": lambda socket, name: [
            "mariadb", "--no-defaults", f"--socket={socket}", "--user=root", name, "--execute=SELECT patch FROM `tabPatch Log`"
        ],
    },
    "postgres": {
        "root": "postgres",
        "socket": lambda folder: os.readlink(folder / "socket"),
        "client": lambda socket, name: [
            postgres_program("psql"), f"--host={socket}", "--username=postgres", "--no-psqlrc", f"--dbname={name}",
            '--command=SELECT patch FROM "tabPatch Log"',
        ],
    },
}
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("BENCH_", "FRAPPE_"))} | {"NO_COLOR": "1"}


class Run:
    """One process, run to its end."""

    def __init__(self, command):
        with tempfile.TemporaryFile() as errors:
            begin = time.perf_counter()
            process = subprocess.Popen(
                command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
            )
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            self.peak_mib = usage.ru_maxrss / 1024
            self.processor_seconds = usage.ru_utime + usage.ru_stime
            if process.returncode != 0:
                errors.seek(0)
                sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{errors.read().decode()}")


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, ours, peer, ratio, goal):
        self.rows.append((what, ours, peer, ratio, goal))

    def print(self):
        rows = [("what", "ours", "peer", "ratio", "goal"), *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


class PerfBench:
    """A bench folder with one site."""

    def __init__(self, folder, patches=PATCHES, new_site=("--db-type", "sqlite")):
        self.path = folder / "bench"
        Run([BENCH, "init", str(self.path)])
        app = self.path / "apps" / "perf"
        (app / "patches").mkdir(parents=True)
        (app / "app.yaml").write_text("name: perf\ntitle: Performance\nversion: 1.0.0\nread_only: true\n")
        self.app = app
        self.patches = []
        self.add_patches(patches)
        Run(self.command("new-site", SITE, *new_site, "--install-app", "perf", site=False))

    def command(self, *arguments, site=True):
        return [BENCH, "--bench", str(self.path), *(["--site", SITE] if site else []), *arguments]

    def add_patches(self, count):
        for _ in range(count):
            name = f"step_{len(self.patches):04}"
            (self.app / "patches" / f"{name}.sql").write_text(f"CREATE TABLE {name} (name VARCHAR(140) PRIMARY KEY);\n")
            self.patches.append(f"perf.patches.{name}")
        (self.app / "patches.txt").write_text("\n".join(self.patches) + "\n")

    def migrate(self):
        done = subprocess.run(
            self.command("--json", "migrate", "--backup", "none"), env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)["results"][0]

    def database(self):
        return next((self.path / "sites" / SITE / "db").glob("*.db"))


def measure_starts(table, what, goal, command_for, peer_command=PEER_START):
    """Our process and the peer's by turns, so that both see the same machine."""
    ours, peer = [], []
    for i in range(STARTS + 2):
        ours.append(Run(command_for(i)).seconds)
        peer.append(Run(peer_command).seconds)
    # The first two warm the caches.
    ours, peer = statistics.median(ours[2:]), statistics.median(peer[2:])
    table.add(what, milliseconds(ours), milliseconds(peer), f"{ours / peer:.2f}", goal)


def measure_window(table, bench, what="window", goal="20 ms"):
    overheads = []
    for _ in range(11):
        bench.add_patches(1)
        result = bench.migrate()
        patches = sum(patch["duration_ms"] for patch in result["patches"] if patch["state"] == "applied")
        overheads.append(result["window"]["duration_ms"] - patches)
    table.add(f"{what} beyond one patch, no backups", f"{statistics.median(overheads):.0f} ms", "", "", goal)


def measure_server(table, folder, kind):
    """A site with many tables on a server of its own."""
    script, data = SUPPORT / f"{kind}_server", folder / kind
    subprocess.run([script, "start", data], check=True, stdout=subprocess.DEVNULL)
    try:
        server = SERVERS[kind]
        socket = server["socket"](data)
        ENVIRONMENT["BENCH_DB_ROOT_USERNAME"] = server["root"]
        (folder / f"bench-{kind}").mkdir()
        bench = PerfBench(folder / f"bench-{kind}", TABLES, ("--db-type", kind, "--db-socket", socket, "--db-name", "perf"))
        bench.migrate()
        measure_starts(table, f"{kind}: migrate, none pending; against its client reading the log", "1",
                       lambda _: bench.command("migrate"), server["client"](socket, "perf"))
        measure_window(table, bench, f"{kind}: window at {TABLES} tables", "60 ms")
    finally:
        subprocess.run([script, "stop", data], check=True)


def fill(database, mebibytes):
    """Rows as a business site has them: keys, times, names, amounts, prose."""
    source = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(source.choices(letters, k=source.randint(2, 11))) for _ in range(6000)]

    def row(i):
        time_text = f"2026-{source.randint(1, 12):02}-{source.randint(1, 28):02} {source.randint(0, 23):02}:14:15.926535"
        return (
            f"{source.getrandbits(40):010x}{i}",
            time_text,
            source.choice(words) + "@example.com",
            source.random() * 10000,
            i,
            " ".join(source.choices(words, k=5)),
            " ".join(source.choices(words, k=source.randint(20, 120))),
        )

    connection = sqlite3.connect(database)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE tabNote (name TEXT PRIMARY KEY, creation TEXT, owner TEXT, amount REAL, idx INTEGER, title TEXT, content TEXT)"
    )
    count = 0
    while connection.execute("PRAGMA page_count").fetchone()[0] * 4096 < mebibytes << 20:
        connection.executemany("INSERT INTO tabNote VALUES (?,?,?,?,?,?,?)", (row(count + i) for i in range(5000)))
        connection.commit()
        count += 5000
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def written_bytes(folder):
    return sum(file.stat().st_size for file in folder.iterdir())


def empty(folder):
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()


class Backup:
    """One way to back up, and what its runs cost."""

    def __init__(self, name, folder, commands):
        self.name, self.folder, self.commands = name, folder, commands
        self.seconds, self.peaks, self.processor = [], [], []
        self.bytes = 0

    def take(self):
        empty(self.folder)
        runs = [Run(command) for command in self.commands]
        self.seconds.append(sum(run.seconds for run in runs))
        self.processor.append(sum(run.processor_seconds for run in runs))
        self.peaks.append(max(run.peak_mib for run in runs))
        self.bytes = written_bytes(self.folder)
        empty(self.folder)

    def told(self):
        return (
            f"{statistics.median(self.seconds):.1f} s, {max(self.peaks):.0f} MiB peak, "
            f"{self.bytes / 2**20:.0f} MiB written, {statistics.median(self.processor):.1f} s processor"
        )


def measure_backups(table, bench, folder):
    database = bench.database()
    fill(database, DB_MB)
    out = folder / "out"
    copy = out / "copy.db"
    peer = Backup(
        "sqlite3 .backup, then zstd -3 -T0", out,
        [["sqlite3", str(database), f".backup {copy}"], ["zstd", "-3", "-T0", "-q", "--rm", str(copy)]],
    )
    ours = [
        Backup(f"backup of {DB_MB} MiB, {name}", out, [bench.command("backup", "--backup-path", str(out), *options)])
        for name, options in (("gzip (default)", []), ("zstd", ["--compression", "zstd"]))
    ]
    for _ in range(ROUNDS):
        for backup in (peer, *ours):
            backup.take()
    for backup in ours:
        ratio = statistics.median(backup.seconds) / statistics.median(peer.seconds)
        table.add(backup.name, backup.told(), peer.told(), f"{ratio:.2f}", "1.00, under 64 MiB")


def main():
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-perf-") as name:
        folder = Path(name).resolve()
        bench = PerfBench(folder)
        if "starts" in PARTS:
            measure_starts(table, "bench --version", "1", lambda i: [BENCH, "--version"])
            measure_starts(
                table, "set-config", "2", lambda i: bench.command("set-config", "perf_key", f"value {i}")
            )
            bench.migrate()
            measure_starts(table, f"migrate, {PATCHES} patches applied, none pending", "3", lambda i: bench.command("migrate"))
            measure_window(table, bench)
        if "servers" in PARTS:
            for kind in SERVERS:
                measure_server(table, folder, kind)
        if "serving" in PARTS:
            measure_serving(table, bench, folder, Run, ENVIRONMENT)
        if "backups" in PARTS:
            measure_backups(table, bench, folder)
    print(f"{os.cpu_count()} processors; peer of the short commands: python3 -I -S -c pass;")
    print("peer of the backups: sqlite3 .backup, then zstd -3 -T0 (no checksums, not verified);")
    print("peer of the requests: Flask with Jinja under gunicorn, load by wrk; medians\n")
    table.print()


if __name__ == "__main__":
    main()
