"""People read and write by `bench serve` while migrates run one after the other, on each database.

Short by default. Whole with BENCH_LOAD=whole (`ctest --preset load`): ten migrates, and the slowest reads of the windows are
compared with those before.
"""

import asyncio
import json
import os
import re
import select
import time
import urllib.parse
from datetime import datetime

from bench_folder import Bench, main
from server_bench import ServerBench
from servers import KINDS

IS_WHOLE = os.environ.get("BENCH_LOAD") == "whole"
READERS, WRITERS = 32, 4
MIGRATES = 10 if IS_WHOLE else 2
SECONDS_BEFORE = 10 if IS_WHOLE else 1.5
SECONDS_BETWEEN = 1 if IS_WHOLE else 0.3
# Each connection asks again after a pause, as people do. Without one, 32 connections of this client alone would keep both
# processors of a small machine busy, and what is measured would be how long requests queue for them, window or not.
PAUSE = 0.15 if IS_WHOLE else 0.25
# Checking a password costs tens of milliseconds of a processor on purpose: two of the connections do that, and now and then.
LOGINS, PAUSE_OF_LOGINS = 2, 1.0
LONGEST = 20
# What a patch does for a while. On a server it mostly waits inside its transaction, holding what it holds: the servers share the
# processors with the readers here, which in production they do not.
WORK = {
    "sqlite": "INSERT INTO work {}".format(
        "SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500000) SELECT n FROM c)"),
    "mariadb": "INSERT INTO work SELECT seq FROM seq_1_to_10000;\nINSERT INTO work SELECT sleep(0.4)",
    "postgres": "INSERT INTO work SELECT n FROM generate_series(1, 10000) n;\nINSERT INTO work SELECT 1 FROM pg_sleep(0.4)",
}
PASSWORD = "correct horse"
SITE = ("--site", "site")

READS = {
    "home page": ("/", "site"),
    "page with a query": ("/books?pages=7", "Book 7"),
    "Markdown page": ("/about", "<h1>About</h1>"),
    "static file": ("/assets/app/plain.css", "margin"),
    "public file": ("/files/open.txt", "open"),
    "private file": ("/private/files/secret.txt", "secret"),
    "Desk list": ("/app/Book", "Book 1"),
    "Desk form": ("/app/Book/B-7", "Book 7"),
    "REST list": ("/api/resource/Book?limit_page_length=20&order_by=name", "B-1"),
    "REST document": ("/api/resource/Book/B-7", "Book 7"),
    "login page": ("/login", "pwd"),
    "health": ("/api/health", "ok"),
    # Of a table in which a patch renames a column: these name the columns that are there.
    "Desk list, renamed": ("/app/Shelf", "S-1"),
    "Desk form, renamed": ("/app/Shelf/S-1", "S-1"),
    "REST document, renamed": ("/api/resource/Shelf/S-1", "S-1"),
}
# This one's query names the column itself. One patch renames it and makes a new one of its name; MariaDB commits between.
NAMING_PAGE = {"page that names the column": ("/shelves", "left")}


class Connection:
    """Keep-alive, and only as much of HTTP as the server speaks."""

    def __init__(self, port):
        self.port, self.streams = port, None

    async def ask(self, method, path, headers=(), body=b""):
        """Status, headers and body. Any loss of the connection is the caller's failure: it is never tried again."""
        return await asyncio.wait_for(self._ask(method, path, headers, body), LONGEST)

    async def _ask(self, method, path, headers, body):
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        lines = [f"{method} {path} HTTP/1.1", "Host: site", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(re.findall(r"^([^:\r\n]+): ([^\r\n]*)", head, re.MULTILINE))
        text = await reader.readexactly(int(fields.get("Content-Length", "0")))
        if fields.get("Connection") == "close":
            self.close()
        return int(head.split(" ", 2)[1]), fields, text

    def close(self):
        if self.streams:
            self.streams[1].close()
            self.streams = None


class Read:
    def __init__(self, kind, begun, ended, in_window):
        self.kind, self.begun, self.ended, self.in_window = kind, begun, ended, in_window

    @property
    def took(self):
        return self.ended - self.begun


class Traffic:
    """All connections, and what they saw."""

    def __init__(self, port, reads):
        self.port, self.kinds = port, list(reads.items())
        self.stopping = False
        self.reads, self.failures = [], []
        self.wanted = {}  # what is in the rows by what the server said: name -> the titles that it may have
        self.acknowledged = self.refused = self.unknown = 0

    async def log_in(self):
        status, fields, body = await Connection(self.port).ask("POST", "/api/method/login", *LOGIN)
        assert status == 200, (status, body)
        self.headers = [f"Cookie: {fields['Set-Cookie'].split(';')[0]}"]
        self.csrf = json.loads(body)["csrf_token"]

    async def run(self, work):
        """Runs `work` while all of them ask."""
        await self.log_in()
        tasks = [asyncio.create_task(self.read(number)) for number in range(READERS - LOGINS)]
        tasks += [asyncio.create_task(self.log_in_again()) for _ in range(LOGINS)]
        tasks += [asyncio.create_task(self.write(number)) for number in range(WRITERS)]
        try:
            return await work()
        finally:
            self.stopping = True
            await asyncio.gather(*tasks)

    async def one_read(self, connection, kind, method, path, word, headers=(), body=b""):
        begun = time.time()
        try:
            status, fields, text = await connection.ask(method, path, headers, body)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            connection.close()
            self.failures.append(f"{kind}: {error!r} after {time.time() - begun:.3f} s")
            return {}
        self.reads.append(Read(kind, begun, time.time(), "Bench-Read-Only" in fields))
        if status not in (200, 304) or (status == 200 and word.encode() not in text):
            self.failures.append(f"{kind}: {status} {text[-400:]!r}")
        return fields

    async def read(self, number):
        connection, tags = Connection(self.port), {}
        await asyncio.sleep(PAUSE * number / READERS)
        while not self.stopping:
            number += 1
            kind, (path, word) = self.kinds[number % len(self.kinds)]
            # Whoever is logged in is sent on from there.
            headers = [] if kind == "login page" else list(self.headers)
            # As a browser does that comes back.
            if kind in tags and number % 2:
                headers.append(f"If-None-Match: {tags[kind]}")
            fields = await self.one_read(connection, kind, "GET", path, word, headers)
            tags[kind] = fields.get("ETag", "")
            await asyncio.sleep(PAUSE)
        connection.close()

    async def log_in_again(self):
        connection = Connection(self.port)
        while not self.stopping:
            await self.one_read(connection, "login", "POST", "/api/method/login", "Logged In", *LOGIN)
            await asyncio.sleep(PAUSE_OF_LOGINS)
        connection.close()

    async def write(self, number):
        """By turns a new row, and a change of it; title and pages always go together."""
        connection, count = Connection(self.port), 0
        while not self.stopping:
            name, count = f"W{number}-{count // 2}", count + 1
            title = f"{name} as of {count}"
            fields = {"title": title, "pages": count}
            if count % 2:
                await self.one_write(connection, "POST", "/api/resource/Book", name, title, {"name": name, **fields})
            elif any(self.wanted[name]):
                await self.one_write(connection, "PUT", f"/api/resource/Book/{name}", name, title, fields)
            await asyncio.sleep(PAUSE)
        connection.close()

    async def one_write(self, connection, method, path, name, title, fields):
        before = self.wanted.setdefault(name, {None})
        headers = [*self.headers, "Content-Type: application/json", f"X-Frappe-CSRF-Token: {self.csrf}"]
        try:
            status, _, text = await connection.ask(method, path, headers, json.dumps(fields).encode())
            answer = json.loads(text)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            connection.close()
            self.wanted[name] = before | {title}
            self.failures.append(f"{method} {name}: {error!r}")
            return
        if status == 200:
            self.acknowledged += 1
            self.wanted[name] = {title}
        elif status == 503 and answer.get("exc_type") == "InReadOnlyMode":
            self.refused += 1
        elif status == 503 and answer.get("exc_type") == "OutcomeUnknown":
            self.unknown += 1
            self.wanted[name] = before | {title}
        # What was never made is not there to be changed.
        elif not (status == 404 and method == "PUT" and None in before):
            self.failures.append(f"{method} {name}: {status} {text!r}")


LOGIN = (["Content-Type: application/x-www-form-urlencoded"],
         urllib.parse.urlencode({"usr": "Administrator", "pwd": PASSWORD}).encode())


def quoted(kind, name):
    return f"`{name}`" if kind == "mariadb" else f'"{name}"'


def numbers(kind, count):
    """Rows 1 to `count`, as a SELECT of column n."""
    return {
        "sqlite": f"SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c)",
        "mariadb": f"SELECT seq AS n FROM seq_1_to_{count}",
        "postgres": f"SELECT n FROM generate_series(1, {count}) n",
    }[kind]


def make_site(bench, kind):
    book, shelf = quoted(kind, "tabBook"), quoted(kind, "tabShelf")

    def text(words):
        return f"concat('{words}', n)" if kind == "mariadb" else f"'{words}' || n"

    bench.patch("base", f"""
CREATE TABLE {book} (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, pages INTEGER);
CREATE TABLE {shelf} (name VARCHAR(140) PRIMARY KEY, place VARCHAR(100));
CREATE TABLE work (n INTEGER);
INSERT INTO {book} SELECT {text('B-')}, {text('Book ')}, n FROM ({numbers(kind, 500)}) x;
INSERT INTO {shelf} SELECT {text('S-')}, {text('left ')} FROM ({numbers(kind, 50)}) x;
""")
    write_pages(bench.app)
    bench.new_site("--admin-password", PASSWORD)
    bench.run("set-config", "-g", "allow_reads_during_maintenance", "1")
    (bench.site() / "public" / "files" / "open.txt").write_text("open to all\n")
    (bench.site() / "private" / "files" / "secret.txt").write_text("secret\n")
    bench.run(*SITE, "migrate", "--backup", "none")


def write_pages(app):
    for folder in ("www", "public"):
        (app / folder).mkdir()
    (app / "public" / "plain.css").write_text("body { margin: 0 }\n")
    begin = '{% extends "website.html" %}\n{% block content %}\n'
    (app / "www" / "books.html").write_text(
        "---\ntitle: Books\nqueries:\n  books: SELECT name, title FROM `tabBook` WHERE pages = :pages ORDER BY name\n---\n"
        + begin + "{% for book in books %}<p>{{ book.title }}</p>{% endfor %}\n{% endblock %}\n")
    (app / "www" / "about.md").write_text(
        "---\ntitle: About\nqueries:\n  count: SELECT count(*) AS n FROM `tabShelf`\n---\n# About\n\nThere are {{ count[0].n }} shelves.\n")
    (app / "www" / "shelves.html").write_text(
        "---\ntitle: Shelves\nqueries:\n  shelves: SELECT place FROM `tabShelf` ORDER BY name\n---\n"
        + begin + "{% for shelf in shelves %}<p>{{ shelf.place }}</p>{% endfor %}\n{% endblock %}\n")


def add_patches(bench, kind, number):
    """A column, a table, a renamed column, and work that takes a while between them."""
    book, shelf = quoted(kind, "tabBook"), quoted(kind, "tabShelf")
    work = f"{WORK[kind]};\nDELETE FROM work;\n"
    bench.patch(f"work_{number}", work)
    bench.patch(f"column_{number}", f"ALTER TABLE {book} ADD COLUMN extra_{number} INTEGER;\n")
    bench.patch(f"table_{number}", f"CREATE TABLE {quoted(kind, f'tabMore {number}')} (name VARCHAR(140) PRIMARY KEY);\n")
    bench.patch(f"rename_{number}", f"ALTER TABLE {shelf} RENAME COLUMN place TO place_{number};\n"
                                    f"ALTER TABLE {shelf} ADD COLUMN place VARCHAR(100);\n"
                                    f"UPDATE {shelf} SET place = place_{number};\n")
    bench.patch(f"more_work_{number}", work)


def serve(bench):
    """The server's port."""
    process = bench.start("serve", "--port", "0")
    assert select.select([process.stderr], [], [], LONGEST)[0], "the server does not start"
    told = process.stderr.readline()
    return int(re.search(r"http://[^ ]*:(\d+)", told)[1])


def epoch(iso):
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def windows(bench):
    """Begin and end of each, as the operations tell."""
    for record in bench.operations():
        steps = {step["name"]: step for step in record["steps"]}
        if "lift" in steps:
            yield epoch(steps["enter"]["begun"]), epoch(steps["lift"]["finished"])


async def migrates(bench, kind):
    """Answers when the first one began."""
    await asyncio.sleep(SECONDS_BEFORE)
    begun = time.time()
    for number in range(MIGRATES):
        add_patches(bench, kind, number)
        result = (await asyncio.to_thread(bench.json, *SITE, "migrate"))["results"][0]
        assert (result["result"], result["window"]["fence"]) == ("migrated", "database"), result
        await asyncio.sleep(SECONDS_BETWEEN)
    return begun


def check_rows(bench, kind, traffic):
    """What was acknowledged is there with its value, what was refused is not, and nothing is there by half."""
    rows = {row[0]: (row[1], str(row[2])) for row in bench.query(f"SELECT name, title, pages FROM {quoted(kind, 'tabBook')}")}
    for name, titles in traffic.wanted.items():
        title, pages = rows.get(name, (None, None))
        assert title in titles, f"{name} is {title!r}, and was told to be one of {titles}"
        assert title is None or title == f"{name} as of {pages}", f"{name} is there by half: {title!r}, {pages}"
    strange = {name for name in rows if name.startswith("W")} - set(traffic.wanted)
    assert not strange, strange


def p99(reads):
    """In seconds."""
    times = sorted(read.took for read in reads)
    return times[min(len(times) - 1, len(times) * 99 // 100)]


def told(reads):
    times = sorted(read.took for read in reads)
    return f"{len(times)} reads, half within {times[len(times) // 2] * 1000:.1f} ms, p99 {p99(reads) * 1000:.1f} ms, longest {times[-1] * 1000:.0f} ms"


def check_times(bench, traffic, first):
    """How long reads took during the windows, beside those before the first one."""
    spans = list(windows(bench))[-MIGRATES:]
    inside = [read for read in traffic.reads if any(read.ended > begin and read.begun < end for begin, end in spans)]
    before = [read for read in traffic.reads if read.ended < first]
    assert any(read.in_window for read in inside), "no page was ever read-only"
    for kind in dict(traffic.kinds):
        assert any(read.kind == kind for read in inside), f"{kind} was not read during a window"
    inside, before = ([read for read in reads if read.kind != "login"] for reads in (inside, before))
    ratio = p99(inside) / p99(before)
    print(f"before the windows: {told(before)}\nduring the windows: {told(inside)}\nratio of p99: {ratio:.2f}")
    print(f"windows: {', '.join(f'{end - begin:.2f}' for begin, end in spans)} s")
    if IS_WHOLE:
        for kind in dict(traffic.kinds):
            print(f"  {kind}: {told([read for read in inside if read.kind == kind])}")
        assert ratio <= 3, f"p99 of reads during the windows is {ratio:.2f} times that before"


def load(kind):
    with Bench() if kind == "sqlite" else ServerBench(kind) as bench:
        make_site(bench, kind)
        reads = READS if kind == "mariadb" else {**READS, **NAMING_PAGE}
        traffic = Traffic(serve(bench), reads)
        first = asyncio.run(traffic.run(lambda: migrates(bench, kind)))
        print(f"{kind}: writes acknowledged {traffic.acknowledged}, refused {traffic.refused}, outcome unknown {traffic.unknown}")
        log = bench.site() / "logs" / "bench.log"
        assert not traffic.failures, (
            f"{len(traffic.failures)} failures of {len(traffic.reads)} reads:\n" + "\n".join(traffic.failures[:20]) + "\n" +
            "\n".join(line for line in log.read_text().splitlines() if " error " in line or " warning " in line))
        assert traffic.acknowledged and traffic.refused
        check_rows(bench, kind, traffic)
        check_times(bench, traffic, first)


CASES = {kind: lambda kind=kind: load(kind) for kind in ("sqlite", *KINDS)}

if __name__ == "__main__":
    main(CASES)
