"""A site with books, served: what the cases look at."""

import os
import signal

from web import Client, serve

TABLES = """CREATE TABLE "tabBook" (name VARCHAR(140) PRIMARY KEY, title VARCHAR(100) NOT NULL, author VARCHAR(100),
  pages INTEGER CHECK (pages > 0), price DECIMAL(9, 2), printed DATE, last_seen DATETIME, is_lent BOOLEAN NOT NULL DEFAULT 0,
  notes TEXT);
CREATE TABLE "tabReader" (name VARCHAR(140) PRIMARY KEY, full_name VARCHAR(100) NOT NULL, joined DATE);
CREATE TABLE "tabPublishing House" (name VARCHAR(140) PRIMARY KEY, city VARCHAR(100));
"""
BOOKS = """INSERT INTO "tabBook" (name, title, author, pages, price, printed, last_seen, is_lent, notes) VALUES
  ('emma', 'Emma', 'Jane Austen', 474, 12.5, '1815-12-23', '2026-11-21 13:45:00', 1, 'Handsome, clever, and rich.'),
  ('middlemarch', 'Middlemarch', 'George Eliot', 880, 15, '1871-12-01', NULL, 0, NULL),
  ('tristram-shandy', 'The Life and Opinions of Tristram Shandy, Gentleman', 'Laurence Sterne', 735, 9.9, '1759-12-01', NULL, 0, NULL);
INSERT INTO "tabBook" (name, title, author, pages)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 42)
  SELECT printf('volume-%02d', i), 'Collected Letters, volume ' || i, 'Various', 200 + i FROM n;
"""
ABOUT = """---
title: About the library
---
# About the library

Books are lent for **four weeks**. See [the tables](/app).

## Opening hours

* Monday to Friday, 9 to 17
* Saturday, 10 to 13

> A library is not a luxury.

1. Bring the book.
2. Ask at the `front desk`.

```
mon-fri  09:00-17:00
```
"""


class Library:
    """The bench at `place`, its site `develop`, and the server."""

    def __init__(self, place):
        self.place = place
        place.bench("init", str(place.path))
        place.make_app("library", {"0001_tables.sql": TABLES, "0002_books.sql": BOOKS})
        (place.path / "apps/library/www").mkdir()
        (place.path / "apps/library/www/about.md").write_text(ABOUT)
        (place.folder / "admin").write_text("correct horse\n")
        place.bench("new-site", "develop", "--install-app", "library", "--admin-password-file", str(place.folder / "admin"))
        self.bench("set-config", "allow_reads_during_maintenance", "1")
        self.bench("migrate", "--backup", "none")
        (place.folder / "secret").write_text("a reader's secret\n")
        self.bench("add-user", "reader@example.org", "--password-file", str(place.folder / "secret"))
        _, self.port = serve(place, "--site", "develop")
        self.client = Client(self.port)

    def bench(self, *arguments):
        return self.place.bench("--site", "develop", *arguments)

    def read_only(self):
        self.bench("set-maintenance-mode", "on")

    def live(self):
        self.bench("set-maintenance-mode", "off")

    def row(self, name, columns="title"):
        return self.place.query(f"SELECT {columns} FROM \"tabBook\" WHERE name = '{name}'")

    def add_patch(self, file, sql, version="1.2"):
        self.place.make_app("library", {file: sql})
        manifest = self.place.path / "apps/library/app.yaml"
        manifest.write_text(manifest.read_text().replace('version: "1.2"', f'version: "{version}"'))

    def start_slow_migrate(self, *arguments):
        """It stands in its window, all patches applied and nothing committed, until `finish_migrate`."""
        child = self.place.start("--site", "develop", "migrate", "--backup", "none", *arguments,
                                 env={"BENCH_PAUSE_AT": "migrate.before-commit"})
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"the migrate ended:\n{child.stderr.read().decode()}"
        return child

    def finish_migrate(self, child):
        os.kill(child.pid, signal.SIGCONT)
        run = self.place.finish(child)
        assert run.code == 0, run
