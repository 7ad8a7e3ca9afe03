"""What somebody who means harm sends to bench serve, and what comes of it: nothing."""

import base64
import json
import socket
import time
import urllib.parse

from serving import served
from support import contains, equal, lacks
from web import Client, say

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
# What a page would hold if a text had become markup.
TRACES = ("<script>alert", "<img src=x", "javascript:alert")


def count_answers(answer):
    return answer.count(b"HTTP/1.1 ")


def head(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: develop", *lines, "", ""]).encode()


def test_what_people_type_is_never_markup(place):
    client, _ = served(place)
    client.log_in()
    www = place.path / "apps/books/www"
    www.mkdir()
    (www / "shown.html").write_text("---\ntitle: Shown\nqueries:\n  books: SELECT name, title FROM `tabBook` WHERE title = :title\n---\n"
                                    "{% extends 'website.html' %}{% block content %}{% for book in books %}"
                                    "<p title=\"{{ book.title }}\">{{ book.name }} {{ book.title }}</p>{% endfor %}"
                                    "{{ form_dict.title }} {{ path }} {{ user.name }} {{ site_name }}{% endblock %}\n")
    (www / "marked.md").write_text("---\ntitle: Marked\nqueries:\n  books: SELECT title FROM `tabBook`\n---\n"
                                   "{% for book in books %}* {{ book.title }}\n{% endfor %}\n[a](javascript:alert(1))\n")
    equal(client.api("POST", "/api/resource/Book", {"name": "B" + EVIL, "title": EVIL, "notes": EVIL}).status, 200)
    quoted = urllib.parse.quote(EVIL, safe="")
    place.bench("--site", "develop", "announce-maintenance", "--at", "+2h", "--reason", EVIL)
    pages = [client.get(path) for path in
             ("/", "/app", "/app/Book", f"/app/Book?q={quoted}&sort={quoted}", f"/app/Book/B{quoted}", f"/app/{quoted}",
              f"/app/Book/{quoted}", f"/{quoted}", f"/shown?title={quoted}", "/marked", "/app/Book?new")]
    pages += [client.post("/app/Book", name=EVIL, title=EVIL, pages=EVIL, notes=EVIL, _release=EVIL),
              client.post(f"/app/Book/B{quoted}", title=EVIL, pages="", notes=EVIL, _version=EVIL, _action="save"),
              client.post(f"/app/Book/B{quoted}", _action="delete", _version=EVIL),
              Client(client.port).ask("POST", "/login", {"usr": EVIL, "pwd": EVIL, "redirect-to": EVIL}),
              Client(client.port).get(f"/login?redirect-to={quoted}")]
    place.bench("--site", "develop", "set-maintenance-mode", "on")
    pages += [client.get("/app/Book"), client.post("/app/Book", name=EVIL, title=EVIL, notes=EVIL)]
    for page in pages:
        assert page.status in (200, 401, 404, 409, 417, 503), page.status
        contains(page.headers["Content-Security-Policy"], "default-src 'self'", "object-src 'none'")
        lacks(page.text, *TRACES)
        # It is no template either.
        assert "&lt;script" not in page.text or "{{ 7 * 7 }}" in page.text, page.text
    shown = sum("&lt;script&gt;alert" in page.text for page in pages)
    assert shown >= 8, f"only {shown} pages show what was typed"


def test_sql_stays_text(place):
    client, _ = served(place)
    client.log_in()
    for name in ("B-1", "B-2"):
        equal(client.api("POST", "/api/resource/Book", {"name": name, "title": "Emma", "notes": "private"}).status, 200)
    texts = ("' OR 1=1 --", "x' UNION SELECT name FROM sqlite_master --", "\\' OR 1=1 --", "'; DROP TABLE \"tabBook\"; --", "\" OR \"\"=\"")
    for text in texts:
        quoted = urllib.parse.quote(text, safe="")
        as_json = urllib.parse.quote(f'[["title","=",{json.dumps(text)}]]', safe="")
        equal(client.get(f"/api/resource/Book?filters={as_json}").json, {"data": []})
        for field in (f'[[{json.dumps(text)},"=","Emma"]]', f'[["title",{json.dumps(text)},"Emma"]]', f'[[{json.dumps("title = title OR title")},"=",""]]'):
            equal(client.get(f"/api/resource/Book?filters={urllib.parse.quote(field, safe='')}").status, 417)
        for parameter in ("order_by", "fields", "limit_start", "limit_page_length"):
            equal(client.get(f"/api/resource/Book?{parameter}={quoted}").status, 417)
        for order in (f"title {text}", f"(SELECT password FROM x) {text}", "title, 1", "1"):
            equal(client.get(f"/api/resource/Book?order_by={urllib.parse.quote(order, safe='')}").status, 417)
        contains(client.get(f"/app/Book?q={quoted}").text, "0 rows")
        contains(client.get(f"/app/Book?sort={quoted}").text, "2 rows")
        equal(client.get(f"/api/resource/Book/{quoted}").status, 404)
        equal(client.get(f"/api/resource/{quoted}").status, 404)
        equal(client.api("PUT", "/api/resource/Book/B-1", {text: "x"}).status, 417)
        equal(client.api("DELETE", f"/api/resource/Book/{quoted}").status, 404)
    equal(place.query('SELECT count(*) FROM "tabBook"'), [(2,)])


def test_sessions_cannot_be_forged(place):
    client, _ = served(place)
    client.log_in("reader@example.org", "a reader's secret")
    cookie = client.cookies["sid"]
    equal(client.get("/api/method/frappe.auth.get_logged_user").json["message"], "reader@example.org")

    def who(sid):
        other = Client(client.port)
        other.cookies["sid"] = sid
        return other.get("/api/method/frappe.auth.get_logged_user").status

    equal(who(cookie), 200)
    # Each character counts, and so does what stands around them.
    for at in range(0, len(cookie), 3):
        changed = "A" if cookie[at] != "A" else "B"
        assert who(cookie[:at] + changed + cookie[at + 1:]) == 401, at
    for forged in ("", "Administrator", "Guest", cookie + "x", cookie[:-1], cookie[::-1], cookie.split(".")[0], "." * 5,
                   base64.b64encode(b"Administrator").decode().rstrip("="), "Administrator." + cookie.partition(".")[2]):
        equal(who(forged), 401)
    # Another site's key signs another session.
    place.bench("new-site", "second", "--install-app", "books", "--admin-password", "correct horse")
    equal(Client(client.port, "second").get("/api/health").status, 200)
    stranger = Client(client.port, "second")
    stranger.cookies["sid"] = cookie
    equal(stranger.get("/api/method/frappe.auth.get_logged_user").status, 401)
    # Who may read does not write by any of the ways.
    for method, path, body in (("POST", "/api/resource/Book", {"name": "B"}), ("PUT", "/api/resource/Book/B", {"title": "x"}),
                               ("DELETE", "/api/resource/Book/B", None)):
        equal(client.api(method, path, body).status, 403)
    equal(client.post("/app/Book", name="B", title="x").status, 403)
    equal(client.post("/app/Book/B", _action="delete-for-good").status, 403)


def test_requests_are_not_smuggled(place):
    client, _ = served(place)
    hidden = "GET /api/method/ping HTTP/1.1\r\nHost: develop\r\n\r\n"
    chunked = "0\r\n\r\n" + hidden
    for lines in (["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Content-Length: 5"],
                  ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, identity"], ["Transfer-Encoding : chunked"],
                  ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"], ["Content-Length: 5", "Content-Length: 0"],
                  ["Content-Length: +5"], ["Content-Length: 0x5"], ["Content-Length: -1"], ["Content-Length: 5 5"],
                  [" Content-Length: 5"], ["Content-Length: 99999999999999999999"]):
        answer = say(client.port, head("POST", "/login", *lines) + chunked.encode(), seconds=3)
        assert count_answers(answer) <= 1 and b"pong" not in answer, (lines, answer)
        assert not answer or answer.split()[1] in (b"400", b"413", b"501"), (lines, answer)
    for odd in (b"GET /\x00 HTTP/1.1\r\nHost: develop\r\n\r\n", b"GET / HTTP/1.1\r\nHost: develop\r\nX: a\x00b\r\n\r\n",
                b"GET / HTTP/9.9\r\nHost: develop\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: develop\r\n\r\n"):
        answer = say(client.port, odd, seconds=3)
        assert not answer or answer.split()[1] in (b"400", b"505"), (odd, answer)


def test_no_header_can_be_injected(place):
    client, _ = served(place)
    client.log_in()
    breaks = ("\r\nSet-Cookie: evil=1", "\nSet-Cookie: evil=1", "\r\n\r\n<script>")
    for text in breaks:
        quoted = urllib.parse.quote(text, safe="")
        answers = [client.get(f"/app/Book{quoted}"), client.get(f"/app/{quoted}/{quoted}"), Client(client.port).get(f"/app/{quoted}?{quoted}"),
                   client.post("/app/Book", name="B" + text, title="x"), client.get(f"/files/{quoted}"),
                   Client(client.port).ask("POST", "/login", {"usr": "Administrator", "pwd": "correct horse", "redirect-to": "/app" + text})]
        for answer in answers:
            assert "evil" not in str(answer.headers.get_all("Set-Cookie")), answer.headers
            assert answer.status != 500, answer.text


def test_bodies_and_headers_have_limits(place):
    client, _ = served(place)
    equal(say(client.port, head("POST", "/login", "Content-Length: 25000001")).split()[1], b"413")
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(head("POST", "/login", "Transfer-Encoding: chunked"))
        sent = 0
        try:
            while sent < 60_000_000:
                connection.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < 60_000_000, "a body without end was taken"
    equal(say(client.port, head("GET", "/", *[f"X-{number}: {'x' * 100}" for number in range(400)])).split()[1], b"431")
    # Lines that end where a read ends are taken one by one.
    for more in range(4):
        unended = head("GET", "/" + "x" * more)[:-2] + b"a:\r\n" * 4_500
        equal(say(client.port, unended).split()[1], b"431")
    trailers = head("POST", "/login", "Transfer-Encoding: chunked") + b"0\r\n" + b"a:\r\n" * 50_000
    equal(say(client.port, trailers).split()[1], b"431")
    extension = head("POST", "/login", "Transfer-Encoding: chunked") + b"1;" + b"a" * 200_000
    equal(say(client.port, extension).split()[1], b"431")
    equal(client.get("/api/method/ping").status, 200)


def test_many_requests_sent_at_once_are_answered_one_by_one(place):
    client, _ = served(place)
    one = b"GET /api/method/ping HTTP/1.1\r\nHost: develop\r\n\r\n"
    body = b"POST /api/method/ping HTTP/1.1\r\nHost: develop\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    answer = say(client.port, (one + body) * 300 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    equal(answer.count(b'{"message":"pong"}'), 601)


def memory_of(process):
    status = open(f"/proc/{process.pid}/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_small_requests_do_not_take_much(place):
    client, child = served(place)
    deep = b"[" * 200_000 + b"]" * 200_000
    for body in (b'{"usr":' + deep + b"}", deep, b'{"usr":"x","pwd":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"):
        status = client.ask("POST", "/api/method/login", body, {"Content-Type": "application/json"}).status
        assert status in (401, 429), status
    many = b"a&" * 5_000_000
    for path in ("/app/Book", "/app/x", "/login", "/api/method/login"):
        equal(client.ask("POST", path, many, {"Content-Type": "application/x-www-form-urlencoded"}).status, 413)
    for number in range(10):
        # Nothing is kept of a name that nobody has.
        answer = client.ask("POST", "/api/method/login", {"usr": f"{number}" + "u" * 5_000_000, "pwd": "x"})
        assert answer.status in (401, 429), answer.status
    client = Client(client.port)
    equal(client.log_in().status, 303)
    assert memory_of(child) < 1_000_000_000, memory_of(child)


def test_documents_of_any_depth_and_size(place):
    client, _ = served(place)
    client.log_in()
    deep = '{"name": "B-1", "title": ' + "[" * 5000 + "]" * 5000 + "}"
    equal(client.ask("POST", "/api/resource/Book", deep, {"Content-Type": "application/json", "X-Frappe-CSRF-Token": client.csrf}).status, 417)
    equal(client.get("/api/resource/Book?filters=" + "[" * 3000 + "]" * 3000).status, 417)
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "title": "x"}).status, 200)
    for wrong in (5, None, ["a"]):
        equal(client.api("PUT", "/api/resource/Book/B-1", {"title": "y", "version": wrong}).status, 417)
    client.api("PUT", "/api/resource/Book/B-1", {"notes": 18446744073709551615})
    equal(place.query('SELECT notes FROM "tabBook"'), [("18446744073709551615",)])


def test_slow_clients_hold_nobody_up(place):
    client, _ = served(place)
    crowd = [socket.create_connection(("127.0.0.1", client.port), timeout=60) for _ in range(100)]
    try:
        for number, connection in enumerate(crowd):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: develop\r\n" if number % 2 else b"POST /login HTTP/1.1\r\n")
        began = time.monotonic()
        open_ones = set(crowd)
        while open_ones and time.monotonic() - began < 40:
            for connection in list(open_ones):
                try:
                    connection.sendall(b"X")
                    connection.setblocking(False)
                    if connection.recv(1000) == b"":
                        open_ones.discard(connection)
                    connection.settimeout(60)
                except BlockingIOError:
                    connection.settimeout(60)
                except (BrokenPipeError, ConnectionResetError):
                    open_ones.discard(connection)
            equal(client.get("/api/method/ping").status, 200)
            time.sleep(0.5)
        assert not open_ones, f"{len(open_ones)} of them are still served"
        assert time.monotonic() - began > 5, "a client that is only a little slow would be cut off"
    finally:
        for connection in crowd:
            connection.close()
