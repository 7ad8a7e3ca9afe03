"""`bench serve` beside Flask with Jinja under gunicorn: the same page and the same list, from the same database."""

import http.client
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent / "serving"
SECONDS = int(os.environ.get("BENCH_PERF_SERVING_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_PERF_ROUNDS", "3"))
CONNECTIONS = 8
WORKERS = 2
QUERY = "SELECT name, title, author, pages, price FROM tabBook WHERE author = :author ORDER BY name LIMIT 50"
PAGE = "/books?author=Author%203"
LIST = "/api/resource/Book?" + urllib.parse.urlencode({"fields": '["name","title","pages"]', "limit_page_length": 50})
PASSWORD = "correct horse"
# Debian's own interpreter: its packages are not there for another one.
DEBIANS_PYTHON = "/usr/bin/python3"
RESTING, LISTENING = 1_000, 200
# The servers share one processor and the load has another: else half of what is measured is the load.
PROCESSORS = sorted(os.sched_getaffinity(0))
FOR_LOAD = PROCESSORS[-1]
ON_ITS_PROCESSOR = ["taskset", "--cpu-list", str(PROCESSORS[0])]
PATCH = """CREATE TABLE tabBook (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, author VARCHAR(100) NOT NULL,
  pages INTEGER, price REAL);
INSERT INTO tabBook WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
  SELECT printf('B-%04d', i), 'Title <' || i || '> & more', 'Author ' || (i % 20), i, i * 1.25 FROM n;
CREATE INDEX book_author ON tabBook (author, name);
"""


class Served:
    """A server of the measurement, and its way to say who asks."""

    def __init__(self, name, process, port, page, listing):
        self.name, self.process, self.port, self.page, self.listing = name, process, port, page, listing
        self.headers = {}

    def headers_for(self, path):
        """The page is asked for by nobody in particular, all else by who has logged in."""
        return {"Host": "perf", **({} if path == self.page else self.headers)}

    def ask(self, method, path, form=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = self.headers_for(path)
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urllib.parse.urlencode(form) if form else None, headers)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def log_in(self, path):
        response, body = self.ask("POST", path, {"usr": "Administrator", "pwd": PASSWORD})
        assert response.status == 200, (response.status, body)
        self.headers["Cookie"] = response.headers["Set-Cookie"].split(";")[0]

    def text(self, path):
        response, body = self.ask("GET", path)
        assert response.status == 200, (self.name, path, response.status, body)
        return body

    def rate(self, path):
        """Under load: requests a second, and what one takes of a processor, in microseconds."""
        begun = self.processor_time()
        headers = [word for name, value in self.headers_for(path).items() for word in ("-H", f"{name}: {value}")]
        told = subprocess.run(["taskset", "--cpu-list", str(FOR_LOAD), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *headers,
                               f"http://127.0.0.1:{self.port}{path}"], capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in told and "Socket errors" not in told, told
        count = int(re.search(r"(\d+) requests in", told)[1])
        return float(re.search(r"Requests/sec: *([0-9.]+)", told)[1]), (self.processor_time() - begun) / count * 1e6

    def processor_time(self):
        """In seconds, of the process and of its workers."""
        pids = [self.process.pid]
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            pids += (task / "children").read_text().split()
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def start_ours(command, environment, folder):
    log = folder / "serve.log"
    with open(log, "w") as out:
        process = subprocess.Popen([*ON_ITS_PROCESSOR, *command("serve", "--port", "0", "--workers", str(WORKERS), site=False)],
                                   env=environment,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    port = wait_for(lambda: re.search(r"http://[^ ]*:(\d+)", log.read_text()), process, log)
    return Served("bench serve", process, int(port[1]), PAGE, LIST)


def start_peer(folder, database):
    log = folder / "peer.log"
    environment = {"PATH": os.environ["PATH"], "PEER_TEMPLATES": str(HERE), "PEER_DATABASE": str(database), "PEER_QUERY": QUERY,
                   "PYTHONDONTWRITEBYTECODE": "1"}
    with open(log, "w") as out:
        process = subprocess.Popen([*ON_ITS_PROCESSOR, DEBIANS_PYTHON, "-m", "gunicorn", "--chdir", str(HERE), f"--workers={WORKERS}",
                                    "--bind=127.0.0.1:0", f"--access-logfile={folder / 'peer-access.log'}", "peer:app"],
                                   env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    port = wait_for(lambda: re.search(r"Listening at: http://127.0.0.1:(\d+)", log.read_text()), process, log)
    return Served("flask", process, int(port[1]), "/books?author=Author%203", "/list")


def wait_for(look, process, log):
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"a server did not start:\n{log.read_text()}")


def make_site(run, bench_command, bench, folder):
    app = bench / "apps" / "perf"
    (app / "patches" / "books.sql").write_text(PATCH)
    with open(app / "patches.txt", "a") as lines:
        lines.write("perf.patches.books\n")
    for kind in ("templates", "www"):
        (app / kind).mkdir()
    shutil.copy(HERE / "base.html", app / "templates")
    (app / "www" / "books.html").write_text(f"---\ntitle: Books\nqueries:\n  books: {QUERY}\n---\n" + (HERE / "books.html").read_text())
    (folder / "password").write_text(PASSWORD + "\n")
    run(bench_command("migrate", "--backup", "none"))
    run(bench_command("set-admin-password", "--password-file", str(folder / "password")))


def measure_rates(table, ours, peer):
    for what, path in (("page of 50 rows", "page"), ("list of 50 rows as JSON, logged in", "listing")):
        mine, its = ours.text(getattr(ours, path)), peer.text(getattr(peer, path))
        if mine != its:
            sys.exit(f"{what}: the two answers differ, so nothing can be said of their speed\n{mine!r}\n{its!r}")
        rates = [[one.rate(getattr(one, path)) for one in (ours, peer)] for _ in range(ROUNDS)]
        (mine, its), (our_cost, its_cost) = ([statistics.median(round[i][k] for round in rates) for i in (0, 1)] for k in (0, 1))
        # Here more is better.
        table.add(f"{what}: requests a second, {WORKERS} workers each", f"{mine:.0f}", f"{its:.0f}", f"{mine / its:.1f}", "10")
        table.add(f"{what}: processor time of a request", f"{our_cost:.0f} us", f"{its_cost:.0f} us", f"{our_cost / its_cost:.2f}", "0.10")


def median_answer(server, path, count=300):
    """In seconds, on one connection that is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        connection.request("GET", path, headers=server.headers_for(path))
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - begun)
        assert response.status == 200, response.status
    connection.close()
    return statistics.median(times)


def measure_resting(table, ours):
    """What many connections that rest cost: memory, and those that do not."""
    before = median_answer(ours, PAGE)
    connections = []
    try:
        for path, count, end in (("/api/health", RESTING, b'"}\n'), ("/api/events", LISTENING, b"\n\n")):
            for _ in range(count):
                connection = socket.create_connection(("127.0.0.1", ours.port), timeout=20)
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: perf\r\n\r\n".encode())
                connections.append(connection)
                told = b""
                while not (b"\r\n\r\n" in told and told.endswith(end)):
                    piece = connection.recv(65536)
                    assert piece, told
                    told += piece
        during = median_answer(ours, PAGE)
        with open(f"/proc/{ours.process.pid}/status") as lines:
            most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    finally:
        for connection in connections:
            connection.close()
    what = f"the page while {RESTING} connections rest and {LISTENING} listen; without them"
    table.add(what, f"{during * 1000:.2f} ms, {most:.0f} MiB at most", f"{before * 1000:.2f} ms", f"{during / before:.2f}", "1, under 64 MiB")


def measure_serving(table, bench, folder, run, environment):
    """`bench` is a PerfBench whose site is called perf."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    make_site(run, bench.command, bench.path, folder)
    servers = []
    try:
        servers.append(start_ours(bench.command, environment, folder))
        servers.append(start_peer(folder, bench.database()))
        ours, peer = servers
        ours.log_in("/api/method/login")
        peer.log_in("/login")
        measure_rates(table, ours, peer)
        measure_resting(table, ours)
    finally:
        for server in servers:
            server.stop()
