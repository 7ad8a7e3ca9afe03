"""What the cases share: a fresh bench in a temporary folder, and the real program run in it."""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time

APP_YAML = """name: {name}
title: {name}
version: "1.2"
read_only: true
patches:
  format: sql
  path: patches
"""

BOOK_PATCHES = {
    "0001_books.sql": "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n",
    "0002_isbn.sql": "ALTER TABLE book ADD COLUMN isbn TEXT;\nINSERT INTO book (title, isbn) VALUES ('Emma', '1');\n",
}


class Skipped(Exception):
    """The machine cannot run this case."""


class Run:
    """What one run of the program left: exit code and both streams."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    def __str__(self):
        return f"--- bench {' '.join(self.arguments)}\nexit {self.code}\nstdout:\n{self.out}\nstderr:\n{self.err}"

    def json(self):
        """The one document on stdout."""
        document = json.loads(self.out)
        assert list(document) == ["ok", "results", "error"], document
        assert document["ok"] == (self.code in (0, 3)), document
        if document["error"] is not None:
            assert sorted(document["error"]) == ["hint", "kind", "message"], document
        return document

    def error_lines(self):
        return [line for line in self.err.splitlines() if line.startswith(("error:", "hint:"))]


class Place:
    """A temporary folder with a bench in it, once one is made."""

    def __init__(self, program, folder, server=None):
        self.program, self.folder, self.server = program, folder, server
        self.path = folder / "bench"
        self.runs = []
        self.children = []

    def environment(self, extra=None):
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS")}
        admin = self.server.environment() if self.server else {}
        return {**kept, "LC_ALL": "C.UTF-8", "TERM": "xterm", **admin, **(extra or {})}

    def start(self, *arguments, env=None, cwd=None, **options):
        """The program without a terminal; the caller waits for it."""
        child = subprocess.Popen([str(self.program), *arguments], env=self.environment(env), cwd=cwd or self.default_folder(),
                                 stdin=subprocess.DEVNULL, start_new_session=True,
                                 **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
        self.children.append(child)
        return child

    def default_folder(self):
        return self.path if self.path.exists() else self.folder

    def finish(self, child, arguments=(), timeout=60):
        out, err = child.communicate(timeout=timeout)
        run = Run(list(arguments), child.returncode, (out or b"").decode(), (err or b"").decode(errors="replace"))
        self.runs.append(run)
        return run

    def bench(self, *arguments, code=0, env=None, cwd=None, timeout=60, **options):
        """Runs it to its end and checks the exit code; with --json also that stdout is one document."""
        run = self.finish(self.start(*arguments, env=env, cwd=cwd, **options), arguments, timeout)
        assert run.code in (code if isinstance(code, list) else [code]), f"exit {run.code}, expected {code}"
        if "--json" in arguments and "--" not in arguments and "stdout" not in options:
            run.json()
        return run

    def result(self, *arguments, **options):
        """The only result of a run with --json."""
        results = self.bench("--json", *arguments, **options).json()["results"]
        assert len(results) == 1, results
        return results[0]

    def in_terminal(self, *arguments, answer=None, env=None, code=0):
        """Runs it with a terminal of its own as all three streams; `answer` is typed once it asks."""
        main, terminal = pty.openpty()
        child = subprocess.Popen([str(self.program), *arguments], env=self.environment(env), cwd=self.default_folder(),
                                 stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.children.append(child)
        os.close(terminal)
        text = read_terminal(main, answer)
        os.close(main)
        run = Run(list(arguments), child.wait(timeout=60), text, "")
        self.runs.append(run)
        assert run.code == code, f"exit {run.code}, expected {code}"
        return run

    def make_bench(self, *sites, apps=()):
        self.bench("init", str(self.path))
        for site in sites:
            self.bench("new-site", site, *[word for app in apps for word in ("--install-app", app)])

    def make_app(self, name, patches):
        """An app of the bench with plain SQL patches, before or after sites have it."""
        folder = self.path / "apps" / name
        (folder / "patches").mkdir(parents=True, exist_ok=True)
        (folder / "app.yaml").write_text(APP_YAML.format(name=name))
        for file, sql in patches.items():
            (folder / "patches" / file).write_text(sql)

    def make_book_site(self, *sites):
        """Sites with the app `books`, whose two patches are pending."""
        self.bench("init", str(self.path))
        self.make_app("books", BOOK_PATCHES)
        for site in sites or ("develop",):
            self.bench("new-site", site, "--install-app", "books")

    def site(self, name="develop"):
        return self.path / "sites" / name

    def config(self, name="develop"):
        return json.loads((self.site(name) / "site_config.json").read_text())

    def database(self, name="develop"):
        return self.site(name) / "db" / (self.config(name)["db_name"] + ".db")

    def query(self, sql, site="develop"):
        """Rows, through SQLite's own library."""
        import sqlite3
        connection = sqlite3.connect(self.database(site))
        try:
            rows = connection.execute(sql).fetchall()
            connection.commit()
            return rows
        finally:
            connection.close()

    def tree(self, folder=None):
        """Every file below, by its path from there."""
        folder = folder or self.path
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())

    def end_what_is_left(self):
        left = [child for child in self.children if child.poll() is None]
        # What is asked can still say, in an instrumented build, what it ran.
        for child in left:
            child.terminate()
        patience = time.monotonic() + 3
        for child in left:
            try:
                child.wait(max(patience - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                pass
            # Its group may have outlived it.
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def read_terminal(main, answer):
    text = b""
    while True:
        ready, _, _ = select.select([main], [], [], 60)
        assert ready, f"the program neither ended nor asked: {text!r}"
        try:
            piece = os.read(main, 4096)
        except OSError:
            return text.decode()
        if not piece:
            return text.decode()
        text += piece
        if answer is not None and b"to go on: " in text:
            os.write(main, answer.encode())
            answer = None


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


def equal(actual, expected):
    assert actual == expected, f"\nis       {actual!r}\nexpected {expected!r}"


def same_text(actual, expected):
    """For long texts: what differs is shown."""
    import difflib

    differences = list(difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "is", n=1, lineterm=""))
    assert not differences, "\n" + "\n".join(differences)


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is missing in:\n{text}"


def lacks(text, *parts):
    for part in parts:
        assert part not in text, f"{part!r} must not be in:\n{text}"
