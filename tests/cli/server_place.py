"""A bench whose site has its database on a server."""

from support import equal

BOOKS = {
    "0001_books.sql": "CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL);\n",
    "0002_isbn.sql": "ALTER TABLE book ADD COLUMN isbn VARCHAR(20);\nINSERT INTO book VALUES (1, 'Emma', '1');\n",
}
MORE = {"0003_more.sql": "CREATE TABLE more (id INTEGER PRIMARY KEY);\nINSERT INTO more VALUES (1);\n"}
BAD = {"0004_bad.sql": "ALTER TABLE book ADD COLUMN pages INTEGER;\n\nINSERT INTO nowhere VALUES (1);\n"}


def site_of(place):
    return place.server.name()


def at_site(place, *arguments):
    return ["--site", site_of(place), *arguments]


def make_site(place, *arguments, patches=BOOKS, **options):
    """The site with the app `books`, whose patches are pending."""
    if not place.path.exists():
        place.bench("init", str(place.path))
        place.bench("set-config", "-g", "allow_reads_during_maintenance", "1")
    place.make_app("books", patches)
    return place.bench("new-site", site_of(place), "--install-app", "books", *place.server.arguments(), *arguments, **options)


def make_migrated_site(place):
    make_site(place)
    place.bench(*at_site(place, "migrate", "--backup", "none"))


def config(place):
    return place.config(site_of(place))


def app(place, sql):
    return place.server.as_app(sql, config(place))


def content(place):
    return place.server.content(config(place))


def tables(place):
    schema = place.server.variant(f"'{config(place)['db_name']}'", "'public'")
    rows = place.server.as_admin(f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}", config(place)["db_name"])
    return sorted(name for (name,) in rows if not name.startswith("__bench"))


def can_write(place):
    """Whether the app can, right now; what it wrote is taken back."""
    from servers import Refused

    try:
        app(place, "INSERT INTO book (id, title) VALUES (1000, 'x')")
        app(place, "DELETE FROM book WHERE id = 1000")
        return True
    except Refused as refused:
        assert "denied" in str(refused), refused
        return False


def check_live(place):
    """Maintenance is over in every respect, and nothing is left of how it was done."""
    assert "maintenance_mode" not in config(place), config(place)
    assert "pause_scheduler" not in config(place), config(place)
    assert can_write(place)
    name = config(place)["db_name"]
    equal(place.server.databases(), [name])
    equal(place.server.accounts(), place.server.variant([name], [name, name + "_owner"]))


def backup_of(place, *options):
    """The name of a new set."""
    return place.result(*at_site(place, "backup", *options))["manifest"]
