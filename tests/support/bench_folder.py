"""Benches for tests that drive the real program: made in temporary folders, removed with all in them."""

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

BENCH = os.environ.get("BENCH", "bench")
TIMEOUT = 120


class Bench:
    """A bench folder with one site `site` and one app `app`, whose patches a test writes."""

    def __init__(self):
        self._processes = []
        self._temporary = tempfile.TemporaryDirectory(prefix="bench-test-")
        self.path = Path(self._temporary.name).resolve() / "bench"
        self.run("init", str(self.path), bench=None)
        self.app = self.path / "apps" / "app"
        (self.app / "patches").mkdir(parents=True)
        (self.app / "app.yaml").write_text("name: app\ntitle: App\nversion: 1.0.0\nread_only: true\n")
        (self.app / "patches.txt").write_text("")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A case that failed may have left one running, or stopped.
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self._temporary.cleanup()

    def environment(self, extra=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BENCH_", "FRAPPE_"))}
        environment.update({"NO_COLOR": "1", **(extra or {})})
        return environment

    def command(self, *arguments, bench=True):
        folder = ["--bench", str(self.path)] if bench else []
        return [BENCH, *folder, *arguments]

    def run(self, *arguments, expect=0, bench=True, environment=None):
        """Runs bench to its end; a list of exit codes or one is expected."""
        done = subprocess.run(
            self.command(*arguments, bench=bench),
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        expected = expect if isinstance(expect, (list, tuple)) else [expect]
        assert done.returncode in expected, (
            f"{' '.join(arguments)}: exit {done.returncode}, expected {expect}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
        )
        return done

    def json(self, *arguments, expect=0, environment=None):
        return json.loads(self.run("--json", *arguments, expect=expect, environment=environment).stdout)

    def start(self, *arguments, environment=None):
        process = subprocess.Popen(
            self.command(*arguments),
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def start_paused(self, point, *arguments):
        """Starts bench and waits until it has stopped itself at the named point; None when it ended without coming there."""
        process = self.start(*arguments, environment={"BENCH_PAUSE_AT": point})
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            pid, status = os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)
            if pid == 0:
                time.sleep(0.002)
            elif os.WIFSTOPPED(status):
                return process
            else:
                process.returncode = os.waitstatus_to_exitcode(status)
                process.communicate()
                return None
        raise AssertionError(f"bench did not reach {point}")

    @staticmethod
    def kill(process):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        # Not to the end of its output: a child that outlives it may hold the pipes.
        process.stdout.close()
        process.stderr.close()

    @staticmethod
    def resume(process):
        os.kill(process.pid, signal.SIGCONT)

    # The site and its app

    def site(self, name="site"):
        return self.path / "sites" / name

    def new_site(self, *arguments, name="site"):
        return self.run("new-site", name, "--install-app", "app", *arguments)

    def database_file(self, name="site"):
        return self.site(name) / "db" / f"{name}.db"

    def connect(self, name="site", timeout=10.0):
        """A connection as an app has one; autocommit."""
        return sqlite3.connect(self.database_file(name), timeout=timeout, isolation_level=None)

    def query(self, sql, name="site"):
        connection = self.connect(name)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def tables(self, name="site"):
        rows = self.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", name)
        return sorted(row[0] for row in rows)

    def patch(self, name, sql, file=None):
        """Appends a patch to the app."""
        path = self.app / "patches" / (file or f"{name}.sql")
        path.write_text(sql)
        with open(self.app / "patches.txt", "a") as lines:
            lines.write(f"app.patches.{name}\n")
        return path

    def config_text(self, name="site"):
        return (self.site(name) / "site_config.json").read_bytes()

    def config(self, name="site"):
        return json.loads(self.config_text(name))

    def applied(self, name="site"):
        rows = self.query("SELECT patch FROM \"tabPatch Log\" WHERE skipped = 0 AND patch LIKE 'app.%' ORDER BY patch", name)
        return [row[0] for row in rows]

    def operations(self, name="site"):
        records = [json.loads(file.read_text()) for file in (self.site(name) / "operations").glob("*.json")]
        return sorted(records, key=lambda record: record["started"])

    def leftovers(self):
        """Files that no finished operation leaves: temporaries, scratch databases, staged files, reserves."""
        marks = (".bench-tmp", "_bench_", ".new", ".old", "reserve", "connection.json", "staged_config.json", "-journal")
        found = []
        for path in self.path.rglob("*"):
            if any(mark in path.name for mark in marks):
                found.append(str(path.relative_to(self.path)))
        return sorted(found)


def is_locked(path):
    """Whether somebody holds the flock of a file."""
    import fcntl

    if not path.exists():
        return False
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True


def main(cases):
    """Runs the cases named on the command line, or all, or lists them; each is a function without parameters."""
    import sys
    import traceback

    if sys.argv[1:] == ["--list"]:
        print("\n".join(cases))
        return
    chosen = sys.argv[1:] or list(cases)
    failed = 0
    for name in chosen:
        try:
            cases[name]()
            print(f"ok   {name}", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"FAIL {name}", flush=True)
    sys.exit(1 if failed else 0)
