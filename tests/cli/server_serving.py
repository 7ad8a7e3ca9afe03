"""bench serve where a server keeps the database: the Desk, REST, and reads and writes through migrates; each case on every server."""

import html
import json
import time
import urllib.parse

from server_place import at_site, config, site_of
from support import contains, equal, lacks
from web import Client, books_traffic, field_value, serve

BOOKS = {
    "mariadb": "CREATE TABLE `tabBook` (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, pages INT, price DECIMAL(9, 2), "
               "printed DATE, seen DATETIME NULL, is_lent TINYINT(1) NOT NULL DEFAULT 0, notes TEXT) CHARACTER SET utf8mb4;\n"
               "CREATE TABLE `tabCount` (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20) NOT NULL);\n"
               "CREATE TABLE `tabLarge` (id DECIMAL(30) PRIMARY KEY, word VARCHAR(20));\n"
               "INSERT INTO `tabLarge` (id) VALUES (123456789012345678901), (123456789012345678902);\n"
               "CREATE TABLE `tabOdd` (name VARCHAR(20) PRIMARY KEY, place POINT, bits BIT(8), kind ENUM('print', 'it''s') NOT NULL DEFAULT 'print', most BIGINT UNSIGNED, "
               "more JSON, is_new TINYINT(1) DEFAULT 1);\n"
               "INSERT INTO `tabOdd` VALUES ('o', ST_GeomFromText('POINT(1 2)'), b'101', 'it''s', 18446744073709551614, '{\"a\": 1}', 0);\n",
    "postgres": "CREATE TABLE \"tabBook\" (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, pages INT, price DECIMAL(9, 2), "
                "printed DATE, seen TIMESTAMP, is_lent BOOLEAN NOT NULL DEFAULT false, notes TEXT);\n"
                "CREATE TABLE \"tabCount\" (id SERIAL PRIMARY KEY, word VARCHAR(20) NOT NULL);\n"
                "CREATE TABLE \"tabLarge\" (id DECIMAL(30) PRIMARY KEY, word VARCHAR(20));\n"
                "INSERT INTO \"tabLarge\" (id) VALUES (123456789012345678901), (123456789012345678902);\n"
                "CREATE TABLE \"tabOdd\" (name VARCHAR(20) PRIMARY KEY, place POINT, numbers INTEGER[], span INT4RANGE, more JSON, page XML, ratio DOUBLE PRECISION, is_new BOOLEAN DEFAULT true);\n"
                "INSERT INTO \"tabOdd\" VALUES ('o', '(1,2)', '{1,2}', '[1,5)', '{\"a\": 1}', '<a/>', 'NaN', false);\n",
}
FIELDS = {"name": "B-1", "title": "Ünïcödé ❤ 'quoted\"", "pages": "474", "price": "12.50", "printed": "1815-12-23",
          "seen": "2026-11-21 13:45:00", "is_lent": "1", "notes": "two\nlines"}


def quoted(place, name):
    return place.server.variant(f"`{name}`", f'"{name}"')


def served(place):
    place.bench("init", str(place.path))
    place.make_app("books", {"0001_books.sql": BOOKS[place.server.kind]})
    place.bench("new-site", site_of(place), *place.server.arguments(), "--db-name", site_of(place), "--install-app", "books",
                "--admin-password", "correct horse")
    place.bench(*at_site(place, "set-config", "allow_reads_during_maintenance", "1"))
    place.bench(*at_site(place, "migrate"))
    _, port = serve(place)
    client = Client(port, site_of(place))
    equal(client.log_in().status, 303)
    return client


def test_the_desk_and_rest(place):
    client = served(place)
    release = field_value(client.get("/app/Book?new").text, "_release")
    equal(client.post("/app/Book", **FIELDS, _release=release).status, 303)
    row = place.server.as_app(f"SELECT title, pages, price, notes FROM {quoted(place, 'tabBook')}".replace("notes", "length(notes)"), config(place))
    equal(row, [(FIELDS["title"], "474", "12.50", "9")])
    page = client.get("/app/Book/B-1").text
    equal(field_value(page, "printed"), "1815-12-23")
    contains(page, "checked")
    contains(client.get("/app/Book?q=quoted").text, "1 row")
    data = client.get("/api/resource/Book/B-1").json["data"]
    equal((data["title"], data["pages"], data["is_lent"], data["notes"]), (FIELDS["title"], 474, True, "two\nlines"))
    equal((data["price"], client.get('/api/resource/Book?fields=["price"]&filters={"price":12.5}').json["data"]), (12.5, [{"price": 12.5}]))
    equal(len(client.get('/api/resource/Book?filters=[["name","like","b-%251"]]').json["data"]), 1)
    equal(client.api("POST", "/api/resource/Book", {"name": "B-2", "title": "without"}).status, 200)
    for condition, count in ((["notes", "is", "set"], 1), (["notes", "is", "not set"], 1), (["notes", "!=", "x"], 2), (["notes", "in", ["x", None]], 1),
                             (["pages", "<", 5], 1), (["price", "<", "99999.00000000000001"], 2), (["pages", "!=", 0], 1), (["seen", "between", ["2026-11-21", "2026-11-21"]], 1)):
        answer = client.get("/api/resource/Book?filters=" + urllib.parse.quote(json.dumps([condition])))
        equal((condition, len(answer.json["data"])), (condition, count))
    for column in place.server.variant(["kind", "most"], ["numbers", "more", "span"]):
        equal(client.get(f'/api/resource/Odd?filters=[["{column}","is","set"]]').json["data"], [{"name": "o"}])
    equal(client.api("DELETE", "/api/resource/Book/B-2").status, 202)
    (place.path / "apps/books/www").mkdir(exist_ok=True)
    (place.path / "apps/books/www/sums.html").write_text(
        "---\nqueries:\n  x: SELECT sum(pages) AS pages, sum(price) AS price FROM `tabBook`\n---\n"
        "{{ x[0].pages + 1 }} {{ x[0].price * 2 }} {{ x[0].price > 12 }}")
    equal(client.get("/sums").text, "475 25.0 True")
    changed = client.api("PUT", "/api/resource/Book/B-1", {"pages": None, "seen": "", "notes": "", "is_lent": False, "version": data["version"]}).json["data"]
    equal((changed["pages"], changed["seen"], changed["notes"], changed["is_lent"]), (None, None, "", False))
    equal(client.api("PUT", "/api/resource/Book/B-1", {"pages": 1, "version": data["version"]}).status, 409)
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "title": "again"}).status, 409)
    equal(client.api("PUT", "/api/resource/Book/B-1", {"printed": "no date"}).status, 417)
    number = client.api("POST", "/api/resource/Count", {"word": "one"}).json["data"]["id"]
    equal(client.get(f"/api/resource/Count/{number}").json["data"]["word"], "one")
    a_name_is_what_stands_there(client, number)
    odd_types(place, client)
    what_does_not_fit(place, client)
    equal(client.api("DELETE", "/api/resource/Book/B-1").status, 202)
    # What cannot be a number or text is somebody's mistake, and not the server's.
    for odd in ("filters=%5B%5B%22pages%22%2C%22%3D%22%2C%22many%22%5D%5D", "filters=%5B%5B%22title%22%2C%22%3D%22%2C%22a%FF%22%5D%5D"):
        assert client.get(f"/api/resource/Book?{odd}").status in (200, 417), odd
    assert client.get("/app/Book?q=%FF").status in (200, 417)
    lacks((place.site(site_of(place)) / "logs" / "bench.log").read_text() if (place.site(site_of(place)) / "logs" / "bench.log").exists() else "", " error ")
    for hidden in ("User", "TABUSER", "User%20", "user", "__bench_auth"):
        equal(client.get(f"/api/resource/{hidden}").status, 404)


def a_name_is_what_stands_there(client, number):
    for other in ("Book/b-1", "Book/B-1%20", "Count/abc", f"Count/0{number}", f"Count/%20{number}", f"Count/{number}x", f"Count/{number}e0"):
        for method in ("GET", "PUT", "DELETE"):
            equal((other, client.api(method, f"/api/resource/{other}", {}).status), (other, 404))
        equal(client.get(f"/app/{other}").status, 404)
        equal(client.post(f"/app/{other}", _action="delete-for-good").status, 404)
    equal(client.get(f"/api/resource/Count/{number}").status, 200)
    # Numbers that are the same as far as a double can tell.
    equal(client.api("PUT", "/api/resource/Large/123456789012345678902", {"word": "second"}).json["data"]["word"], "second")
    equal(client.get("/api/resource/Large/123456789012345678901").json["data"]["word"], None)
    equal(client.api("DELETE", "/api/resource/Large/123456789012345678902").status, 202)
    equal(client.get("/api/resource/Large").json["data"], [{"id": "123456789012345678901"}])


def odd_types(place, client):
    """What is not touched stays, whatever it is, and nothing that can be asked of it is the server's fault."""
    everything = place.server.variant("SELECT hex(place), bits + 0, kind, most, more FROM `tabOdd`",
                                      'SELECT place, numbers, span, more, page, ratio FROM "tabOdd"')
    before = place.server.as_app(everything, config(place))
    page = client.get("/app/Odd/o").text
    names = place.server.variant(["kind", "most", "more"], ["place", "numbers", "span", "more", "page"])
    fields = {name: html.unescape(field_value(page, name)) for name in names}
    equal(client.post("/app/Odd/o", **fields, _action="save").status, 303)
    equal(place.server.as_app(everything, config(place)), before)
    changed = place.server.variant(("most", "18446744073709551615"), ("numbers", "{3,4}"))
    equal(client.post("/app/Odd/o", **{**fields, changed[0]: changed[1]}, _action="save").status, 303)
    contains(str(place.server.as_app(everything, config(place))), changed[1])
    sent = {"more": {"b": [True, None]}}
    equal(json.loads(client.api("PUT", "/api/resource/Odd/o", sent).json["data"]["more"]), sent["more"])
    before = place.server.as_app(everything, config(place))
    whole = client.api("PUT", "/api/resource/Odd/o", client.get("/api/resource/Odd/o").json["data"])
    equal((whole.status, whole.text if whole.status != 200 else ""), (200, ""))
    equal(place.server.as_app(everything, config(place)), before)
    for column in place.server.variant(["kind", "most", "place", "bits"], names):
        assert client.get(f'/api/resource/Odd?filters=[["{column}","like","%251%25"]]').status in ((200,) if column in names else (200, 417)), column
        assert client.get(f'/api/resource/Odd?filters=[["{column}","=","x"]]').status in (200, 417), column
        assert client.get(f"/api/resource/Odd?order_by={column}").status in (200, 417), column
        assert client.get(f"/app/Odd?q=1&sort={column}").status in (200, 417), column


def what_does_not_fit(place, client):
    """It is the sender's mistake, in Frappe's words; and a new form begins with what the columns' defaults are."""
    wrong = [("Book/B-1", {"price": "1,5"}), ("Book/B-1", {"title": None}), ("Count/x", {})]
    wrong += [("Odd/o", {"more": "{"}), *place.server.variant([("Odd/o", {"kind": "neither"}), ("Odd/o", {"bits": "AAA="})], [])]
    for address, entries in wrong:
        answer = client.api("PUT", f"/api/resource/{address}", entries)
        equal((address, entries, answer.status), (address, entries, 404 if address == "Count/x" else 417))
        told = answer.json
        equal(json.loads(told["exc"]), [told["exception"]])
        equal(json.loads(json.loads(told["_server_messages"])[0])["message"], told["message"])
    equal(client.api("POST", "/api/resource/Book", {"name": "B-9"}).status, 417)
    for method in ("GET", "PUT", "DELETE"):
        equal(client.api(method, "/api/resource/Book/%ff", {}).status, 404)
    page = client.get("/app/Odd?new").text
    contains(page, 'name="is_new" value="1" checked')
    if place.server.kind == "mariadb":
        equal(field_value(page, "kind"), "print")
        equal(html.unescape(field_value(client.get("/app/Odd/o").text, "kind")), "it's")


def test_a_write_behind_the_fence_is_refused_by_the_database_too(place):
    """A process that looks at no configuration: only the database says no."""
    client = served(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "title": "x"}).json["exc_type"], "InReadOnlyMode")
    equal(client.get("/api/resource/Book").status, 200)
    equal(client.log_in().status, 303)
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "title": "x"}).status, 200)


def test_reads_in_maintenance_come_from_the_replica(place):
    """A second database stands for one, so that it can be told which of them answered."""
    client = served(place)
    replica = site_of(place) + "_replica"
    place.bench("new-site", replica, *place.server.arguments(), "--db-name", replica, "--install-app", "books")
    place.bench("--site", replica, "migrate")
    for site, title in ((site_of(place), "from here"), (replica, "from there")):
        place.server.as_app(f"INSERT INTO {quoted(place, 'tabBook')} (name, title) VALUES ('B-1', '{title}')", place.config(site))
    (place.path / "apps" / "books" / "www").mkdir()
    (place.path / "apps" / "books" / "www" / "books.html").write_text(
        "---\ntitle: Books\nqueries:\n  books: SELECT title FROM `tabBook`\n---\n{% for book in books %}{{ book.title }}{% endfor %}")
    settings = {"read_from_replica": "1", "replica_db_socket": place.server.socket, "replica_db_name": replica,
                "different_credentials_for_replica": "1", "replica_db_user": replica,
                "replica_db_password": place.config(replica)["db_password"]}
    for key, value in settings.items():
        place.bench(*at_site(place, "set-config", key, value))
    equal(client.get("/books").text, "from here")
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    equal(client.get("/books").text, "from there")
    place.bench(*at_site(place, "set-config", "replica_db_socket", "/nowhere"))
    equal(client.get("/books").text, "from here")
    contains((place.site(site_of(place)) / "logs" / "bench.log").read_text(), "reads go to the site's own database")
    place.bench(*at_site(place, "set-config", "replica_db_socket", place.server.socket))
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    equal(client.get("/books").text, "from here")


def test_reads_and_writes_through_migrates(place):
    with books_traffic(served(place)) as saved:
        for number in range(3):
            place.make_app("books", {f"1{number:03}_more.sql": f"ALTER TABLE {quoted(place, 'tabBook')} ADD COLUMN c{number} INTEGER;\n"})
            place.bench(*at_site(place, "migrate"))
            time.sleep(0.3)
    equal({name for (name,) in place.server.as_app(f"SELECT name FROM {quoted(place, 'tabBook')}", config(place))}, saved)
    log = place.site(site_of(place)) / "logs" / "bench.log"
    lacks(log.read_text(), "error POST")
