"""bench serve: pages, the Desk, REST, and what each of them does while the site is read-only."""

import html
import json
import os
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from support import contains, equal, lacks, wait_for
from web import Client, books_traffic, field_value, say, serve

BOOKS = "CREATE TABLE \"tabBook\" (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, pages INTEGER, notes TEXT);\n"


def served(place, *more, allow_reads=True):
    """A site with a table, a writer and a reader, live and served."""
    place.bench("init", str(place.path))
    place.make_app("books", {"0001_books.sql": BOOKS})
    place.bench("new-site", "develop", "--install-app", "books", "--admin-password", "correct horse")
    if allow_reads:
        place.bench("--site", "develop", "set-config", "allow_reads_during_maintenance", "1")
    place.bench("--site", "develop", "migrate")
    (place.folder / "secret").write_text("a reader's secret\n")
    place.bench("--site", "develop", "add-user", "reader@example.org", "--password-file", str(place.folder / "secret"))
    child, port = serve(place, *more)
    return Client(port), child


def writer_of(place, schema):
    """Somebody who may write, at a site of these tables."""
    place.bench("init", str(place.path))
    place.make_app("books", {"0001_books.sql": schema})
    place.bench("new-site", "develop", "--install-app", "books", "--admin-password", "correct horse")
    place.bench("--site", "develop", "migrate")
    _, port = serve(place)
    client = Client(port)
    client.log_in()
    return client


def read_only(place):
    place.bench("--site", "develop", "set-maintenance-mode", "on")


def live(place):
    place.bench("--site", "develop", "set-maintenance-mode", "off")


def add_book(client, name, title="Emma"):
    return client.api("POST", "/api/resource/Book", {"name": name, "title": title})


def test_a_server_starts_answers_and_stops(place):
    client, child = served(place)
    answer = client.get("/api/health")
    equal((answer.status, answer.json), (200, {"status": "ok", "mode": "live"}))
    equal(client.get("/api/method/ping").json, {"message": "pong"})
    equal(Client(client.port, "nowhere.example").get("/").status, 404)
    say(client.port, b"BREW /pot HTTP/1.1\r\nHost: develop\r\nExpect: coffee\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
    second = place.bench("serve", "--port", str(client.port), code=2)
    contains(second.err, "cannot listen on 127.0.0.1 port", "--port")
    child.send_signal(signal.SIGTERM)
    equal(place.finish(child).code, 0)
    lines = [json.loads(line) for line in (place.path / "logs" / "access.log").read_text().splitlines()]
    # Each came over a connection of its own, and is logged once it is answered: in either order.
    equal(sorted((line["path"], line["method"], line["status"]) for line in lines),
          [("/", "GET", 404), ("/api/health", "GET", 200), ("/api/method/ping", "GET", 200), ("/pot", "BREW", 417)])
    # This host's own proxy is believed.
    equal({line["client"] for line in lines if line["path"] == "/pot"}, {"192.0.2.7"})


def test_a_name_in_capital_letters(place):
    place.bench("init", str(place.path))
    for name in ("Shop.localhost", "main"):
        place.bench("new-site", name)
    place.bench("use", "main")
    _, port = serve(place)
    for host in ("Shop.localhost", "shop.localhost", "SHOP.localhost"):
        contains(Client(port, host).get("/").text, "Shop.localhost")
    contains(Client(port, "localhost").get("/").text, "main")


def test_a_page_without_an_end(place):
    client, child = served(place)
    www = place.path / "apps/books/www"
    www.mkdir()
    (www / "late.html").write_text("{% for i in range(100000) %}{% for j in range(100000) %}{% set x = i %}{% endfor %}{% endfor %}")
    (www / "large.html").write_text("{% for i in range(100000) %}{% for j in range(1000) %}" + "x" * 100 + "{% endfor %}{% endfor %}")
    (www / "rows.html").write_text("---\nqueries:\n  rows: WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) "
                                   "SELECT i FROM n\n---\n{{ rows|length }}")
    (www / "writes.html").write_text("---\nqueries:\n  x: SELECT nonsense FROM nowhere\n---\n")
    (www / "heavy.html").write_text("---\nqueries:\n  x: SELECT zeroblob(100000000) AS z\n---\n{{ x }}")
    (www / "values.html").write_text("---\nqueries:\n  x: SELECT zeroblob(4000000) AS z\n---\n"
                                     "{% for i in range(40) %}{{ x[0].z }}{% endfor %}")
    equal(client.get("/large").status, 500)
    equal(client.get("/heavy").status, 500)
    equal(client.get("/values").status, 500)
    equal(client.get("/rows").status, 500)
    equal(client.get("/writes").status, 500)
    began = time.monotonic()
    equal(client.ask("GET", "/late", timeout=60).status, 503)
    assert time.monotonic() - began < 40
    contains((place.site() / "logs/bench.log").read_text(), "GET /large", "large.html:1:", "larger than 64 MiB",
             "rows.html: query 'rows'", "more than 100000 rows", "late.html:1:", "took too long",
             "writes.html: query 'x'", "no such table: nowhere",
             "heavy.html: query 'x': the query answers more than 64 MiB", "values.html:5:")
    child.send_signal(signal.SIGTERM)
    equal(place.finish(child).code, 0)


def test_logging_in_and_out(place):
    client, _ = served(place)
    equal(client.get("/app").status, 302)
    equal(client.get("/api/resource/Book").status, 401)
    wrong = client.log_in(password="wrong")
    equal(wrong.status, 401)
    contains(wrong.text, "Invalid login credentials")
    lacks(wrong.text, "wrong\"")
    equal(client.ask("POST", "/api/method/login", {"usr": "nobody", "pwd": "x"}).json["exc_type"], "AuthenticationError")
    equal(client.log_in().status, 303)
    contains(client.get("/app").text, "Book", "Log out")
    lacks(client.get("/app").text, "Patch Log", "__bench", ">User<")
    cookie = client.cookies["sid"]
    equal(client.post("/logout").status, 303)
    equal(client.cookies["sid"], "")
    client.cookies["sid"] = cookie[:-1] + ("0" if cookie[-1] != "0" else "1")
    equal(client.get("/api/resource/Book").status, 401)


def test_a_login_leads_back(place):
    client, _ = served(place)
    asked = client.get("/app/Book?q=a%20b")
    equal((asked.status, asked.headers["Location"]), (302, "/login?redirect-to=%2Fapp%2FBook%3Fq%3Da%2520b"))
    equal(field_value(client.get(asked.headers["Location"]).text, "redirect-to"), "/app/Book?q=a%20b")

    def led_to(place):
        return client.ask("POST", "/login", {"usr": "Administrator", "pwd": "correct horse", "redirect-to": place}).headers["Location"]

    equal(led_to("/app/Book?q=a%20b"), "/app/Book?q=a%20b")
    for other in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/a\r\nSet-Cookie: x=y", "evil", ""):
        equal(led_to(other), "/app")


def test_a_new_password_ends_sessions(place):
    client, _ = served(place)
    client.log_in()
    (place.folder / "new").write_text("another password\n")
    place.bench("--site", "develop", "set-admin-password", "--password-file", str(place.folder / "new"))
    equal(client.get("/api/resource/Book").status, 401)
    equal(client.log_in().status, 401)
    equal(client.log_in(password="another password").status, 303)


def test_guessing_is_slowed_down(place):
    client, _ = served(place)
    statuses = [client.log_in(password="guess").status for _ in range(7)]
    equal(statuses[:5], [401] * 5)
    assert 429 in statuses[5:], statuses


def test_rest(place):
    client, _ = served(place)
    client.log_in()
    equal(add_book(client, "B-1").json["data"]["title"], "Emma")
    equal(add_book(client, "B-1").status, 409)
    equal(add_book(client, "B-2", "Persuasion").status, 200)
    named = client.api("POST", "/api/resource/Book", {"title": "Nameless"}).json["data"]["name"]
    assert named
    rows = client.get("/api/resource/Book?fields=%5B%22name%22%2C%22title%22%5D&order_by=title%20desc&limit_page_length=2").json
    equal(rows, {"data": [{"name": "B-2", "title": "Persuasion"}, {"name": named, "title": "Nameless"}]})
    filtered = client.get('/api/resource/Book?filters=%5B%5B%22title%22%2C%22like%22%2C%22Em%25%22%5D%5D').json
    equal(filtered, {"data": [{"name": "B-1"}]})
    changed = client.api("PUT", "/api/resource/Book/B-1", {"pages": 474}).json["data"]
    equal((changed["title"], changed["pages"]), ("Emma", 474))
    stale = client.api("PUT", "/api/resource/Book/B-1", {"pages": 1, "version": "0" * 16})
    equal((stale.status, stale.json["exc_type"]), (409, "TimestampMismatchError"))
    equal(client.api("PUT", "/api/resource/Book/B-1", {"nothing": 1}).status, 417)
    equal(client.api("DELETE", "/api/resource/Book/B-2").status, 202)
    # A name is a name, whatever is in it.
    equal(add_book(client, "a/b").status, 200)
    equal(client.get("/api/resource/Book/a%2Fb").json["data"]["name"], "a/b")
    for other in ("a%2F%2Fb", "x%2F..%2Fa%2Fb", "..%2FBook%2Fa%2Fb"):
        equal(client.api("DELETE", f"/api/resource/Book/{other}").status, 404)
    equal(client.api("DELETE", "/api/resource/Book/a%2Fb").status, 202)
    for odd in (".", "..", "a\nb", "a\u0000b"):
        equal(add_book(client, odd).status, 417)
    equal(client.api("PUT", "/api/resource/Book/B-1", {"name": "B-9"}).status, 417)
    # As Frappe's clients write a column, and all of them.
    for field in ("`tabBook`.`title`", "tabBook.title", "`title`"):
        equal(client.get(f"/api/resource/Book?filters={{\"name\":\"B-1\"}}&fields=[\"{field}\"]&order_by={field}").json, {"data": [{"title": "Emma"}]})
    equal(client.get("/api/resource/Book?fields=\"*\"&limit=1&filters={\"name\":\"B-1\"}").json["data"][0]["pages"], 474)
    equal(client.get("/api/resource/Book?or_filters=%5B%5D").status, 417)
    equal(client.ask("POST", "/api/resource/Book", "x", {"Content-Type": "text/plain", "X-Frappe-CSRF-Token": client.csrf}).status, 415)
    equal(client.get("/api/resource/Book/B-2").status, 404)
    equal(client.get("/api/resource/Nothing").status, 404)
    for hidden in ("User", "tabUser", "TABUSER", "user", "User%20", "Patch%20Log", "__bench_auth", "sqlite_schema"):
        equal(client.get(f"/api/resource/{hidden}").status, 404)


def test_a_reader_reads(place):
    client, _ = served(place)
    equal(client.log_in("reader@example.org", "a reader's secret").status, 303)
    equal(client.get("/api/resource/Book").status, 200)
    answer = add_book(client, "B-1")
    equal((answer.status, answer.json["exc_type"]), (403, "PermissionError"))
    lacks(client.get("/app/Book").text, ">New<")
    equal(place.query('SELECT count(*) FROM "tabBook"'), [(0,)])


def test_accounts(place):
    client, _ = served(place)
    secret = ("--password-file", str(place.folder / "secret"))
    contains(place.bench("--site", "develop", "add-user", "Ada@Example.org", *secret, "--role", "writer").out,
             "ada@example.org may read and change")
    for spelled in ("ada@example.org", "ADA@example.ORG"):
        equal(client.log_in(spelled, "a reader's secret").status, 303)
    equal(add_book(client, "B-1").status, 200)
    # Who gets a new password keeps the role, and is one account however the name is spelled.
    equal(place.bench("--json", "--site", "develop", "add-user", "ADA@example.org", *secret).json()["results"][0]["role"], "writer")
    equal(place.query("SELECT count(*) FROM \"tabUser\" WHERE lower(name) = 'ada@example.org'"), [(1,)])
    contains(place.bench("--site", "develop", "add-user", "Administrator", *secret, "--role", "reader", code=2).err, "may always")
    contains(place.bench("--site", "develop", "add-user", "guest", *secret, code=2).err, "has not logged in")
    place.bench("--site", "develop", "add-user", "administrator", *secret)
    equal(client.log_in(password="a reader's secret").status, 303)
    equal(add_book(client, "B-2").status, 200)
    # Whose address it is does not make it his account.
    with closing(sqlite3.connect(place.database())) as database, database:
        database.execute("UPDATE \"tabUser\" SET email = 'boss@example.org' WHERE name = 'Administrator'")
    (place.folder / "other").write_text("another secret")
    place.bench("--site", "develop", "add-user", "boss@example.org", "--password-file", str(place.folder / "other"))
    equal(client.log_in(password="another secret").status, 401)
    equal(client.log_in("boss@example.org", "another secret").status, 303)
    equal(client.get("/api/method/frappe.auth.get_logged_user").json["message"], "boss@example.org")
    equal(client.log_in(password="a reader's secret").status, 303)
    answer = client.ask("POST", "/api/method/login", b"--x--", {"Content-Type": "multipart/form-data; boundary=x"})
    equal(answer.status, 415)
    answer = client.ask("POST", "/api/resource/Book", b'{"name":', {"Content-Type": "application/json", "X-Frappe-CSRF-Token": client.csrf})
    equal((answer.status, "no valid JSON" in answer.text), (417, True))


def test_filters_take_null_for_nothing(place):
    client, _ = served(place)
    client.log_in()
    for name, notes in (("B-1", None), ("B-2", ""), ("B-3", "note")):
        equal(client.api("POST", "/api/resource/Book", {"name": name, "title": name, "notes": notes}).status, 200)

    def found(*condition):
        told = client.get("/api/resource/Book?filters=" + quote(json.dumps([["notes", *condition]])) + "&order_by=name").json["data"]
        return [row["name"] for row in told]

    equal(found("is", "set"), ["B-3"])
    equal(found("is", "not set"), ["B-1", "B-2"])
    equal(found("=", ""), ["B-1", "B-2"])
    equal(found("!=", "note"), ["B-1", "B-2"])
    equal(found("not in", ["note"]), ["B-1", "B-2"])
    equal(found("in", ["note", ""]), ["B-1", "B-2", "B-3"])
    equal(found("not like", "%o%"), ["B-1", "B-2"])
    equal(found("like", "NOTE"), ["B-3"])


def test_a_form_of_another_site_is_refused(place):
    client, _ = served(place)
    client.log_in()
    client.csrf, token = "guess", client.csrf
    refused = add_book(client, "B-1").json
    equal(refused["exc_type"], "CSRFTokenError")
    contains(refused["message"], "X-Frappe-CSRF-Token")
    client.csrf = token
    foreign = client.ask("POST", "/app/Book", {"csrf_token": token, "name": "B-1", "title": "x"}, {"Origin": "http://evil.example"})
    equal(foreign.status, 403)
    # Nor does one whose page hides where it comes from, and nobody is logged in as somebody else by it.
    for headers in ({"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        equal(client.ask("POST", "/app/Book", {"csrf_token": token, "name": "B-1", "title": "x"}, headers).status, 403)
        equal(client.ask("POST", "/login", {"usr": "Administrator", "pwd": "correct horse"}, headers).status, 403)
        equal(client.ask("POST", "/logout", {}, headers).status, 403)
    equal(place.query('SELECT count(*) FROM "tabBook"'), [(0,)])


def test_the_desk(place):
    client, _ = served(place)
    client.log_in()
    page = client.get("/app/Book?new").text
    contains(page, "New Book", 'name="title"', "required", 'type="number"')
    made = client.post("/app/Book", name="B-1", title="<b>Emma</b> & \"co\"", pages="474", notes="two\r\nlines", _release="")
    equal(made.status, 409)  # a page of another release is shown again, with what was typed
    equal(field_value(made.text, "title"), "&lt;b&gt;Emma&lt;/b&gt; &amp; &#34;co&#34;")
    release = field_value(made.text, "_release")
    made = client.post("/app/Book", name="B-1", title="<b>Emma</b> & \"co\"", pages="474", notes="two\r\nlines", _release=release)
    equal((made.status, made.headers["Location"]), (303, "/app/Book/B-1?saved"))
    equal(place.query('SELECT title, pages, notes FROM "tabBook"'), [('<b>Emma</b> & "co"', 474, "two\nlines")])
    listing = client.get("/app/Book?q=emma").text
    contains(listing, "1 row", "&lt;b&gt;Emma", 'href="/app/Book/B-1"')
    lacks(listing, "<b>Emma")
    contains(client.get("/app/Book?q=nothing").text, "0 rows")
    # Frappe's bookmarks lead there, too; where there is nothing they lead nowhere.
    equal(client.get("/app/book?q=a%20b").headers["Location"], "/app/Book?q=a%20b")
    equal(client.get("/app/book/B-1").headers["Location"], "/app/Book/B-1")
    equal(client.get("/app/Book/none").status, 404)
    equal(client.get("/app/books").status, 404)
    for address, leads_to in (("book/view/list?pages=1", "book?pages=1"), ("Book/new", "Book?new"), ("book/new-book-1", "Book?new")):
        equal(client.get(f"/app/{address}").headers["Location"], f"/app/{leads_to}")
    filtered = client.get("/app/Book?pages=474&sort=name").text
    contains(filtered, "1 row whose Pages is “474”", 'type="hidden" name="pages" value="474"', "/app/Book?pages=474&amp;sort=title")
    contains(client.get('/app/Book?pages=["<",474]').text, "0 rows whose")
    contains(client.get("/app/Book?nowhere=1").text, "1 row")
    equal(client.get("/app/Book?title=[draft]").status, 200)
    page = client.get("/app/Book/B-1").text
    version = field_value(page, "_version")
    saved = client.post("/app/Book/B-1", title="Emma", pages="", _version=version, _action="save")
    equal(saved.status, 303)
    equal(place.query('SELECT title, pages FROM "tabBook"'), [("Emma", None)])
    late = client.post("/app/Book/B-1", title="Mine", _version=version, _action="save")
    equal(late.status, 409)
    contains(late.text, "somebody changed Book B-1")
    equal(field_value(late.text, "title"), "Mine")
    wrong = client.post("/app/Book/B-1", title="Emma", pages="many", _version="")
    equal(wrong.status, 417)
    contains(wrong.text, "&#39;Pages&#39; takes a whole number")
    version = field_value(client.get("/app/Book/B-1").text, "_version")
    contains(client.post("/app/Book/B-1", _action="delete", _version=version).text, "cannot be brought back")
    equal(client.post("/app/Book/B-1", _action="delete-for-good", _version=version).status, 303)
    equal(place.query('SELECT count(*) FROM "tabBook"'), [(0,)])


def test_read_only_mode(place):
    client, _ = served(place)
    client.log_in()
    add_book(client, "B-1")
    tag = client.get("/app/Book/B-1").headers["ETag"]
    read_only(place)
    page = client.get("/app/Book/B-1", If_None_Match=tag)
    equal((page.status, page.headers["Bench-Read-Only"]), (200, "?1"))
    contains(page.text, "This site is in read only mode, full functionality will be restored soon.", "fieldset disabled")
    equal(client.get("/api/resource/Book/B-1").json["data"]["title"], "Emma")
    answer = add_book(client, "B-2")
    equal((answer.status, answer.json["exc_type"], answer.headers["Cache-Control"]), (503, "InReadOnlyMode", "no-store"))
    contains(answer.json["message"], "Site is running in read only mode for maintenance or site update")
    assert int(answer.headers["Retry-After"]) > 0
    # This comes before any other check: of the form's token, and of who asks.
    client.csrf, token = "wrong", client.csrf
    equal(add_book(client, "B-2").status, 503)
    equal(Client(client.port).api("POST", "/api/resource/Book", {}).status, 503)
    client.csrf = token
    kept = client.post("/app/Book/B-1", title="What I typed", _action="save")
    equal(kept.status, 503)
    equal(field_value(kept.text, "title"), "What I typed")
    equal(client.get("/api/health").json["mode"], "read-only")
    before = place.database().read_bytes()
    equal(client.post("/logout").status, 303)
    equal(client.log_in().status, 303)
    equal(place.database().read_bytes(), before)
    live(place)
    page = client.get("/app/Book/B-1", If_None_Match=page.headers["ETag"])
    equal((page.status, page.headers["Bench-Read-Only"]), (200, None))
    lacks(page.text, "full functionality", "fieldset disabled")
    equal(add_book(client, "B-2").status, 200)


def test_a_query_that_takes_too_long_is_ended(place):
    client, child = served(place)
    (place.path / "apps/books/www").mkdir()
    (place.path / "apps/books/www/slow.html").write_text(
        "---\nqueries:\n  x: WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) FROM c\n---\n{{ x }}\n")
    began = time.monotonic()
    equal(client.ask("GET", "/slow", timeout=60).status, 503)
    assert time.monotonic() - began < 40
    contains((place.site() / "logs/bench.log").read_text(), "GET /slow")
    # Log rotation, and a server that is told twice.
    (place.path / "logs/access.log").rename(place.path / "logs/access.log.1")
    child.send_signal(signal.SIGHUP)
    wait_for(lambda: (place.path / "logs/access.log").exists(), "the new log")
    worked = processor_seconds(child)
    threading.Thread(target=lambda: say(client.port, b"GET /slow HTTP/1.1\r\nHost: develop\r\n\r\n"), daemon=True).start()
    wait_for(lambda: processor_seconds(child) > worked + 0.2, "the query")
    child.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    equal(child.wait(timeout=30), 130)


def processor_seconds(child):
    fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_page_of_an_app(place):
    client, _ = served(place)
    www = place.path / "apps/books/www"
    www.mkdir()
    (www / "list.md").write_text("---\ntitle: Books\nqueries:\n  books: SELECT title FROM `tabBook` WHERE name = :name\n---\n"
                                 "# Found\n\n{% for book in books %}* {{ book.title }}\n{% endfor %}")
    client.log_in()
    add_book(client, "B-1", "<script>x</script>")
    page = client.get("/list?name=B-1").text
    contains(page, "<title>Books</title>", "<h1>Found</h1>", "&lt;script&gt;")
    lacks(client.get("/list?name=B-1'%20OR%201=1").text, "script&gt;x")
    (www / "mine.html").write_text("---\r\nlogin_required: true\r\n---\r\nsecret")
    equal(Client(client.port).get("/mine").status, 302)
    equal(client.get("/mine").text.strip(), "secret")
    (www / "mine.html").write_text("----\nlogin_required: true\n---\nsecret and more")
    equal(client.get("/mine").status, 500)
    contains((place.site() / "logs/bench.log").read_text(), "mine.html:1:1: front matter begins with")
    equal(client.get("/.hidden").status, 404)
    equal(Client(client.port, "evil.example").get("/").status, 404)


def test_a_page_and_a_list_see_a_new_schema_at_once(place):
    """Connections, and what was prepared on them, outlive a migrate."""
    client, _ = served(place)
    client.log_in()
    add_book(client, "B-1", 'Emma "E"')
    (place.path / "apps/books/www").mkdir()
    (place.path / "apps/books/www/all.html").write_text(
        "---\nqueries:\n  books: SELECT * FROM `tabBook`\n---\n{% for book in books %}{% for key in book %}{{ key }} {% endfor %}{% endfor %}")
    for _ in range(3):
        equal(client.get("/all").text.split(), ["name", "title", "pages", "notes"])
        equal(client.get('/api/resource/Book?fields=["*"]').text,
              '{"data":[{"name":"B-1","notes":null,"pages":null,"title":"Emma \\"E\\""}]}\n')
    place.make_app("books", {"0002_isbn.sql": 'ALTER TABLE "tabBook" ADD COLUMN isbn VARCHAR(20) DEFAULT \'x\';\n'
                                              'ALTER TABLE "tabBook" DROP COLUMN notes;\n'})
    place.bench("--site", "develop", "migrate")
    equal(client.get("/all").text.split(), ["name", "title", "pages", "isbn"])
    equal(client.get('/api/resource/Book?fields=["*"]').json, {"data": [{"name": "B-1", "isbn": "x", "pages": None, "title": 'Emma "E"'}]})


def test_an_announced_window(place):
    client, _ = served(place)
    place.bench("--site", "develop", "announce-maintenance", "--at", "+2h", "--for", "30m", "--reason", "a <new> version")
    page = client.get("/").text
    contains(page, "Planned maintenance", "a &lt;new&gt; version")
    equal(client.get("/api/mode").json["reason"], "a <new> version")
    place.bench("--site", "develop", "announce-maintenance", "--cancel")
    lacks(client.get("/").text, "Planned maintenance")
    for wrong in ("yesterday", "25:00", "2001-01-01T00:00:00Z"):
        place.bench("--site", "develop", "announce-maintenance", "--at", wrong, code=2)
    # One that nobody carries out is over by itself.
    place.bench("--site", "develop", "announce-maintenance", "--at", "+1s", "--for", "1s")
    contains(client.get("/").text, "Planned maintenance")
    wait_for(lambda: "Planned maintenance" not in client.get("/").text, "the end of what was announced", seconds=10)
    # One for another time tells nothing of this window.
    place.bench("--site", "develop", "announce-maintenance", "--at", "+3h", "--for", "1h", "--reason", "not this one")
    read_only(place)
    lacks(client.get("/").text, "not this one", "Expected until")
    live(place)
    # What was announced for a time that has come names the window, and ends with it.
    place.bench("--site", "develop", "announce-maintenance", "--at", "+0s", "--for", "1h", "--reason", "the announced one")
    place.make_app("books", {"0002_more.sql": "CREATE TABLE more (id INTEGER);\n"})
    child = place.start("--site", "develop", "migrate", env={"BENCH_PAUSE_AT": "window.fenced"})
    os.waitpid(child.pid, os.WUNTRACED)
    contains(client.get("/").text, "Read Only Mode", "the announced one", "Expected until")
    assert int(client.api("POST", "/api/resource/Book", {}).headers["Retry-After"]) > 3000
    os.kill(child.pid, signal.SIGCONT)
    equal(place.finish(child).code, 0)
    lacks(client.get("/").text, "the announced one")
    place.make_app("books", {"0003_more.sql": "CREATE TABLE again (id INTEGER);\n"})
    child = place.start("--site", "develop", "migrate", "--reason", "my reason", env={"BENCH_PAUSE_AT": "window.fenced"})
    os.waitpid(child.pid, os.WUNTRACED)
    contains(client.get("/").text, "my reason")
    # Nobody said how long it takes: as long as the last one, which was short.
    assert int(client.api("POST", "/api/resource/Book", {}).headers["Retry-After"]) <= 10
    os.kill(child.pid, signal.SIGCONT)
    equal(place.finish(child).code, 0)


def test_a_closed_site(place):
    client, _ = served(place, allow_reads=False)
    read_only(place)
    page = client.get("/app")
    equal((page.status, page.headers["Cache-Control"]), (503, "no-store"))
    contains(page.text, "Updating")
    equal(client.get("/api/resource/Book").json["exc_type"], "SessionStopped")
    assert int(page.headers["Retry-After"]) > 0
    equal(client.get("/api/health").json["mode"], "closed")


def test_events_tell_the_mode(place):
    client, _ = served(place)
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as stream:
        told = listen(stream)
        wait_for(lambda: b'"mode":"live"' in told, "the first event")
        read_only(place)
        wait_for(lambda: b'"mode":"read-only"' in told, "the window's event")
        live(place)
        wait_for(lambda: told.count(b'"mode":"live"') == 2, "the lift's event")


def test_who_comes_late_is_told_what_is_so_now(place):
    client, _ = served(place)
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as first:
        told = listen(first)
        wait_for(lambda: b'"mode":"live"' in told, "the first event")
        read_only(place)
        # Before the server has looked again, as a rule.
        with socket.create_connection(("127.0.0.1", client.port), timeout=20) as second:
            late = listen(second)
            wait_for(lambda: b"data:" in late, "what is so now")
            live(place)
            wait_for(lambda: late.count(b"data:") == 2, "both events")
            modes = [json.loads(line[5:])["mode"] for line in bytes(late).splitlines() if line.startswith(b"data:")]
            equal(modes, ["read-only", "live"])


def listen(stream):
    stream.sendall(b"GET /api/events HTTP/1.1\r\nHost: develop\r\n\r\n")
    told = bytearray()
    threading.Thread(target=lambda: read_all(stream, told), daemon=True).start()
    return told


def read_all(stream, told):
    try:
        while piece := stream.recv(4096):
            told.extend(piece)
    except OSError:
        pass


def test_files(place):
    client, _ = served(place)
    (place.site() / "public" / "files").mkdir(parents=True, exist_ok=True)
    (place.site() / "public" / "files" / "digits.txt").write_text("0123456789")
    (place.site() / "private" / "files" / "secret.txt").write_text("secret")
    equal(client.get("/files/digits.txt").text, "0123456789")
    (place.site() / "public" / "files" / ".hidden").write_text("x")
    equal(client.get("/files/.hidden").status, 404)
    part = client.get("/files/digits.txt", Range="bytes=2-4")
    equal((part.status, part.text, part.headers["Content-Range"]), (206, "234", "bytes 2-4/10"))
    equal(client.ask("HEAD", "/files/digits.txt").headers["Content-Length"], "10")
    style = client.get("/assets/core/desk.css", Accept_Encoding="gzip")
    equal((style.status, style.headers["Content-Encoding"]), (200, "gzip"))
    equal(client.get("/assets/core/desk.css", Accept_Encoding="gzip", If_None_Match=style.headers["ETag"]).status, 304)
    assert client.get("/assets/core/desk.css").headers["ETag"] != style.headers["ETag"]
    equal(client.get("/assets/core/desk.css", Accept_Encoding="gzip", Range="bytes=0-9").headers["Content-Length"], "10")
    for tag in (part.headers["ETag"], f'W/{part.headers["ETag"]}', f'"other", {part.headers["ETag"]}', "*"):
        equal(client.get("/files/digits.txt", If_None_Match=tag).status, 304)
    equal(client.get("/files/digits.txt", If_None_Match='"other"').status, 200)
    equal(client.get("/private/files/secret.txt").status, 302)
    client.log_in()
    equal(client.get("/private/files/secret.txt").text, "secret")
    for path in ("/files/../site_config.json", "/files/%2e%2e/%2e%2e/site_config.json", "/files/..%2f..%2fsite_config.json",
                 "/files//etc/passwd", "/assets/core/../../../etc/passwd", "/private/files/../../site_config.json"):
        assert say(client.port, f"GET {path} HTTP/1.1\r\nHost: develop\r\nConnection: close\r\n\r\n".encode()).split()[1] in (b"400", b"404"), path


def test_the_edge(place):
    client, _ = served(place)

    def status(request):
        answer = say(client.port, request)
        return answer.split()[1].decode() if answer else "closed"

    equal(status(b"GET / HTTP/1.1\r\n\r\n"), "400")
    equal(status(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), "400")
    equal(status(b"nonsense\r\n\r\n"), "400")
    equal(status(b"POST /login HTTP/1.1\r\nHost: develop\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400")
    equal(status(b"POST /login HTTP/1.1\r\nHost: develop\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"), "400")
    equal(status(b"POST /login HTTP/1.1\r\nHost: develop\r\nContent-Length: 99999999999\r\n\r\n"), "413")
    equal(status(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: develop\r\n\r\n"), "431")
    equal(status(b"GET /login?usr=%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: develop\r\nConnection: close\r\n\r\n"), "200")
    # Two requests in one piece are answered in their order.
    both = say(client.port, b"GET /api/method/ping HTTP/1.1\r\nHost: develop\r\n\r\n"
                            b"GET /api/health HTTP/1.1\r\nHost: develop\r\nConnection: close\r\n\r\n")
    assert both.index(b"pong") < both.index(b'"status":"ok"'), both


def test_a_config_that_changes_counts_at_once(place):
    client, _ = served(place)
    for _ in range(5):
        read_only(place)
        equal(client.get("/api/health").json["mode"], "read-only")
        live(place)
        equal(client.get("/api/health").json["mode"], "live")


def test_a_broken_config_leaves_what_was_before_and_is_said(place):
    client, _ = served(place)
    client.log_in()
    file = place.site() / "site_config.json"
    before = file.read_text()
    file.write_text(before[:-5])
    for _ in range(3):
        equal(client.get("/api/resource/Book").status, 200)
    log = (place.site() / "logs" / "bench.log").read_text()
    equal(log.count("the site is served as it was before"), 1)
    contains(log, "site_config.json")
    file.write_text(before)
    equal(client.get("/api/resource/Book").status, 200)
    # One that was broken from the start has no log of its own yet.
    (place.path / "sites" / "second").mkdir()
    (place.path / "sites" / "second" / "site_config.json").write_text("{")
    equal(Client(client.port, "second").get("/").status, 500)
    contains((place.path / "logs" / "bench.log").read_text(), "second")


def test_a_broken_common_config_is_no_end_either(place):
    client, _ = served(place)
    equal(client.get("/api/health", X_Forwarded_For="192.0.2.1").status, 200)
    file = place.path / "sites" / "common_site_config.json"
    before = file.read_text() if file.exists() else "{}"
    file.write_text('{"db_host": "x')
    equal(client.get("/api/health", X_Forwarded_For="192.0.2.1").status, 200)
    file.write_text(before)
    equal(client.get("/api/health", X_Forwarded_For="192.0.2.1").status, 200)


def test_a_box_is_unticked_only_by_a_form_that_has_it(place):
    client = writer_of(place, 'CREATE TABLE "tabAuthor" (name TEXT PRIMARY KEY, is_alive BOOLEAN NOT NULL DEFAULT 0);\n'
                       'CREATE TABLE "tabBook" (name TEXT PRIMARY KEY, author TEXT REFERENCES "tabAuthor" (name));\n')
    equal(client.api("POST", "/api/resource/Author", {"name": "Austen", "is_alive": True}).status, 200)
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "author": "Austen"}).status, 200)
    page = client.get("/app/Author/Austen").text
    contains(page, 'name="_box" value="is_alive"')
    version = field_value(page, "_version")
    refused = client.post("/app/Author/Austen", _action="delete-for-good", _version=version)
    equal(refused.status, 417)
    contains(refused.text, " checked")
    equal(client.post("/app/Author/Austen", _action="save", _version=version).status, 303)
    equal(place.query('SELECT is_alive FROM "tabAuthor"'), [(1,)])
    version = field_value(client.get("/app/Author/Austen").text, "_version")
    equal(client.post("/app/Author/Austen", _box="is_alive", _action="save", _version=version).status, 303)
    equal(place.query('SELECT is_alive FROM "tabAuthor"'), [(0,)])
    # A box where there is none is no field that somebody emptied, and nothing to fall over.
    for release in ({}, {"_release": "another"}):
        odd = client.post("/app/Book/B-1", _box="author", _action="save", **release)
        equal(odd.status, 409 if release else 303)
    equal(place.query('SELECT author FROM "tabBook"'), [("Austen",)])


def test_values_fit_what_their_columns_were_declared_as(place):
    """SQLite itself takes anything anywhere; what was there before stays until somebody changes it."""
    client = writer_of(place, 'CREATE TABLE "tabThing" (name VARCHAR(10) PRIMARY KEY, whole INTEGER, price DECIMAL(9, 2), size REAL, on_day DATE, '
                       'seen DATETIME, at TIME, more JSON, is_on BOOLEAN, word VARCHAR(4), line TEXT, modified DATETIME, _action TEXT, _box TEXT);\n')
    right = {"whole": [-7, "12", 5.0, ""], "price": ["12.50", 3, -1.5], "size": ["1e3", 0.25], "on_day": ["2026-11-30"], "is_on": [True, "0"],
             "seen": ["2026-11-30", "2026-11-30 12:00:00", "2026-11-30T12:00:00.123456"], "at": ["12:00", "9:05:00", "12:00:00.5"],
             "more": ['{"a": [1]}', {"a": 1}, 4], "word": ["äöü❤", ""]}
    wrong = {"whole": ["many", 1.5, "1e3", 2 ** 63], "price": ["12,50", "inf"], "size": ["nan", "x"], "on_day": ["2026-02-30", "today", 20261130],
             "seen": ["2026-11-30 25:00:00", "2026-11-30x12:00"], "at": ["12", "24:00"], "more": ["{a"], "is_on": ["yes", 2], "word": ["äöü❤!"]}
    equal(client.api("POST", "/api/resource/Thing", {"name": "T-1"}).status, 200)
    for field, values in right.items():
        for value in values:
            equal((client.api("PUT", "/api/resource/Thing/T-1", {field: value}).status, field, value), (200, field, value))
    for field, values in wrong.items():
        for value in values:
            refused = client.api("PUT", "/api/resource/Thing/T-1", {field: value})
            equal((refused.status, field, value), (417, field, value))
            contains(refused.text, f"'{field}' takes")
    equal(client.api("POST", "/api/resource/Thing", {"name": "12345678901"}).status, 417)
    contains(client.post("/app/Thing/T-1", on_day="tomorrow").text, "&#39;on_day&#39; takes a date")

    place.query("UPDATE \"tabThing\" SET whole = '', price = 'cheap', size = 9e999, on_day = 'soon', at = 'noon', is_on = 7, word = '', "
                "line = 'a' || char(13) || 'b' || char(13, 10) || 'c', _action = 'delete-for-good', _box = 'is_on'")
    stored = "SELECT quote(whole), price, size, on_day, at, is_on, quote(word), line, _action, _box, more FROM \"tabThing\""
    before = place.query(stored)
    equal(before[0][:4], ("''", "cheap", float("inf"), "soon"))
    page = client.get("/app/Thing/T-1").text
    contains(page, "uses the column", "delete-for-good")
    lacks(page, 'name="at" type="time"', 'name="on_day" type="date"')
    fields = {name: html.unescape(field_value(page, name)) for name in ("name", "whole", "price", "size", "on_day", "seen", "at", "more", "word", "line")}
    fields["line"] = "a\r\nb\r\nc"  # as a browser sends it
    equal(client.post("/app/Thing/T-1", **fields, _action="save", _version=field_value(page, "_version")).status, 303)
    equal(place.query(stored), before)
    equal(client.api("PUT", "/api/resource/Thing/T-1", {"_action": "x", "price": "cheap"}).status, 200)

    read = client.get("/api/resource/Thing/T-1").json["data"]
    equal(client.api("PUT", "/api/resource/Thing/T-1", {"line": "mine", "modified": read["modified"].replace(" ", "T")}).status, 200)
    stale = client.api("PUT", "/api/resource/Thing/T-1", {"line": "late", "modified": read["modified"]})
    equal((stale.status, stale.json["exc_type"]), (409, "TimestampMismatchError"))
    equal(place.query('SELECT line, _action FROM "tabThing"'), [("mine", "x")])


def test_writers_that_wait_leave_threads_to_readers(place):
    """Two sites' databases are locked, and more write to them than there are threads."""
    client, _ = served(place, "--workers", "4")
    place.bench("new-site", "other", "--install-app", "books", "--admin-password", "correct horse")
    place.bench("--site", "other", "migrate")
    writers = [Client(client.port, site) for site in ("develop", "other") for _ in range(4)]
    for writer in writers:
        equal(writer.log_in().status, 303)
    answers = []
    with closing(sqlite3.connect(place.database())) as one, closing(sqlite3.connect(place.database("other"))) as two:
        one.execute("BEGIN IMMEDIATE")
        two.execute("BEGIN IMMEDIATE")
        threads = [threading.Thread(target=lambda writer=writer, i=i: answers.append(add_book(writer, f"B-{i}").status))
                   for i, writer in enumerate(writers)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        for _ in range(10):
            began = time.monotonic()
            equal(client.get("/").status, 200)
            assert time.monotonic() - began < 2, "a reader waited for writers"
    for thread in threads:
        thread.join()
    equal(len(answers), 8)
    assert 200 in answers and set(answers) <= {200, 503}, answers


def test_references_are_checked(place):
    client = writer_of(place, 'CREATE TABLE "tabAuthor" (name TEXT PRIMARY KEY);\n'
                       'CREATE TABLE "tabBook" (name TEXT PRIMARY KEY, author TEXT REFERENCES "tabAuthor" (name));\n')
    refused = client.api("POST", "/api/resource/Book", {"name": "B-1", "author": "nobody"})
    equal((refused.status, refused.json["exc_type"]), (417, "ValidationError"))
    equal(client.api("POST", "/api/resource/Author", {"name": "Austen"}).status, 200)
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "author": "Austen"}).status, 200)


def test_reads_and_writes_through_migrates(place):
    client, _ = served(place)
    client.log_in()
    with books_traffic(client) as saved:
        for number in range(3):
            place.make_app("books", {f"1{number:03}_more.sql": f'ALTER TABLE "tabBook" ADD COLUMN c{number} INTEGER;\n'})
            place.bench("--site", "develop", "migrate")
            time.sleep(0.3)
    equal({name for (name,) in place.query('SELECT name FROM "tabBook"')}, saved)
