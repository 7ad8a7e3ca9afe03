"""A site that is served, and a client of it."""

import contextlib
import http.client
import itertools
import json
import re
import select
import socket
import threading
import time
import urllib.parse


class Client:
    """Keeps one connection, and its cookies, as a browser does."""

    def __init__(self, port, host="develop"):
        self.port, self.host, self.cookies = port, host, {}
        self.csrf = None

    def ask(self, method, path, body=None, headers=None, timeout=20):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = {"Host": f"{self.host}:{self.port}", **(headers or {})}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            if isinstance(body, dict):
                body = urllib.parse.urlencode(body)
                sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response, response.read())
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path, **fields):
        return self.ask("POST", path, {"csrf_token": self.csrf or "", **fields})

    def api(self, method, path, body=None):
        headers = {"Content-Type": "application/json", "X-Frappe-CSRF-Token": self.csrf or ""}
        return self.ask(method, path, json.dumps(body) if body is not None else None, headers)

    def log_in(self, user="Administrator", password="correct horse"):
        answer = self.ask("POST", "/login", {"usr": user, "pwd": password})
        if answer.status == 303:
            self.csrf = field_value(self.get("/app").text, "csrf_token")
        return answer


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


def field_value(page, name):
    """The value of a form's field."""
    if choices := re.search(rf'<select[^>]* name="{re.escape(name)}"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', choices[1])
        return chosen[1] if chosen else re.search(r'<option value="([^"]*)"', choices[1])[1]
    found = re.search(rf'<(?:input|textarea)[^>]* name="{re.escape(name)}"[^>]*?(?: value="([^"]*)"|>\n?([^<]*)<)', page)
    assert found, f"no field {name} in:\n{page}"
    return found[1] if found[1] is not None else found[2]


def serve(place, *options):
    """Starts the server on a free port; answers its process and port."""
    child = place.start("serve", "--port", "0", *options)
    told = b""
    end = time.monotonic() + 20
    while b"\n" not in told and time.monotonic() < end:
        if select.select([child.stderr], [], [], 0.2)[0]:
            piece = child.stderr.read1(4096)
            assert piece, f"the server ended: {told!r}"
            told += piece
    port = int(re.search(rb"http://[^ ]*:(\d+)", told)[1])
    return child, port


def say(port, request, seconds=10):
    """Sends bytes as they stand, or as many as are taken; answers all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        answer = b""
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (ConnectionResetError, TimeoutError):
            pass
        return answer


@contextlib.contextmanager
def books_traffic(client):
    """Three who read the table Book and two who add to it, all the while; answers the names that were acknowledged. At the
    end no read has failed, and each write was acknowledged or refused as in read-only mode; some of each."""
    stop = threading.Event()
    failed, acknowledged, refused = [], set(), []

    def read():
        while not stop.is_set():
            answer, page = client.get("/api/resource/Book?limit_page_length=5"), client.get("/app/Book")
            if (answer.status, page.status) != (200, 200):
                failed.append((answer.status, page.status, answer.body, page.body))

    def write(number):
        for count in itertools.count():
            if stop.is_set():
                return
            name = f"W{number}-{count}"
            answer = client.api("POST", "/api/resource/Book", {"name": name, "title": "x"})
            if answer.status == 200:
                acknowledged.add(name)
            elif answer.status == 503 and answer.json["exc_type"] == "InReadOnlyMode":
                refused.append(name)
                time.sleep(0.01)
            else:
                failed.append((name, answer.status, answer.body))

    threads = [threading.Thread(target=read) for _ in range(3)] + [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed, failed
    assert refused and acknowledged, (len(refused), len(acknowledged))
