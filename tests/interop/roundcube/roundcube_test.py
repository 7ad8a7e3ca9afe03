"""All SQLite updates of Roundcube, from version 0.1 on, in one migrate; compared with what Roundcube installs afresh."""

import os
import shutil
import sqlite3
import sys
from pathlib import Path

from bench_folder import Bench, main

SKIPPED = 77
UPDATES = 33
SITE = ("--site", "site")
SQL = Path(os.environ.get("ROUNDCUBE", "roundcube")) / "usr/share/roundcube/SQL"
BASE = (Path(__file__).parent / "base_0_1.sql").read_text()

MANIFEST = """\
name: roundcube
title: Roundcube
version: 1.6.5
patches:
  format: sql
  path: {sqlite: SQL/sqlite}
"""


class Roundcube(Bench):
    """A bench with a site whose database is Roundcube's of version 0.1, and the updates since then as its app."""

    def __init__(self):
        super().__init__()
        if not SQL.is_dir():
            print(f"skipped: {SQL} is not there")
            sys.exit(SKIPPED)
        folder = self.path / "apps" / "roundcube"
        shutil.copytree(SQL / "sqlite", folder / "SQL" / "sqlite")
        (folder / "app.yaml").write_text(MANIFEST)
        self.updates = folder / "SQL" / "sqlite"
        self.run("new-site", "site", "--install-app", "roundcube")
        connection = self.connect()
        connection.executescript(BASE)
        connection.close()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def indexes_of(connection, table):
    indexes = []
    for _, name, unique, origin, partial in connection.execute(f"PRAGMA index_list({quoted(table)})"):
        columns = [tuple(row[2:6]) for row in connection.execute(f"PRAGMA index_xinfo({quoted(name)})") if row[5]]
        indexes.append((name if origin == "c" else "", unique, origin, partial, columns))
    return sorted(indexes)


def schema_of(connection):
    """Tables with their columns, types, defaults, foreign keys and indexes; what bench keeps for itself left out."""
    schema = {}
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for (table,) in rows.fetchall():
        if table.startswith(("__bench", "tab")):
            continue
        columns = [row[1:] for row in connection.execute(f"PRAGMA table_xinfo({quoted(table)})")]
        foreign_keys = sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})"))
        schema[table] = (columns, foreign_keys, indexes_of(connection, table))
    return schema


def schema_of_sql(sql):
    connection = sqlite3.connect(":memory:")
    connection.executescript(sql)
    return schema_of(connection)


def all_updates_in_one_migrate():
    with Roundcube() as bench:
        result = bench.json(*SITE, "migrate")["results"][0]
        assert result["result"] == "migrated", result
        updates = [patch for patch in result["patches"] if patch["app"] == "roundcube"]
        assert len(updates) == UPDATES, len(updates)
        assert {patch["state"] for patch in updates} == {"applied"}, updates
        assert [patch["patch"] for patch in updates] == sorted(path.stem for path in bench.updates.glob("*.sql"))

        connection = bench.connect()
        migrated = schema_of(connection)
        installed = schema_of_sql((SQL / "sqlite.initial.sql").read_text())
        assert sorted(migrated) == sorted(installed), (sorted(migrated), sorted(installed))
        for table in installed:
            assert migrated[table] == installed[table], f"{table}:\n{migrated[table]}\n{installed[table]}"
        assert len(installed) == 17, sorted(installed)
        connection.close()
        check_rows(bench)

        again = bench.json(*SITE, "migrate")["results"][0]
        assert again["result"] == "up-to-date", again


def check_rows(bench):
    def check(sql, expected):
        found = bench.query(sql)
        assert found == expected, (sql, found)

    check(
        "SELECT user_id, username, mail_host, created, last_login, language, preferences FROM users ORDER BY user_id",
        [
            (1, "ada", "mail.example.org", "2007-05-01 10:00:00", "2008-01-02 09:30:00", "en_GB", "a:0:{}"),
            (2, "émile", "mail.example.org", "2007-06-01 10:00:00", "2008-01-03 09:30:00", None, ""),
        ],
    )
    # The update to 0.3.1 leaves out identities that were deleted.
    check(
        'SELECT identity_id, user_id, del, name, organization, "reply-to", bcc, signature, html_signature FROM identities',
        [
            (1, 1, 0, "Ada", "Analytical; Engines", "reply@example.org", "", "it's me", 0),
            (3, 2, 0, "Émile", None, "", "copy@example.org", "", 1),
        ],
    )
    # The update of August 2021 removes what belongs to no user.
    check(
        "SELECT contact_id, user_id, changed, del, name, email, vcard, words FROM contacts",
        [
            (1, 1, "2007-08-01 12:00:00", 0, "Grace", "grace@example.org", "BEGIN:VCARD\nEND:VCARD", ""),
            (2, 2, "2007-08-02 12:00:00", 1, "Alan", "alan@example.org", "", ""),
        ],
    )
    for emptied in ("session", "cache"):
        check(f"SELECT count(*) FROM {emptied}", [(0,)])


def a_broken_update_leaves_version_0_1():
    with Roundcube() as bench:
        (bench.updates / "2099010100.sql").write_text("DROP TABLE users;\n\nALTER TABLE nowhere ADD COLUMN x;\n")
        before = bench.query("SELECT * FROM contacts")
        document = bench.json(*SITE, "migrate", expect=7)
        result = document["results"][0]
        assert result["result"] == "undone", result
        message = result["error"]["message"]
        for part in ("2099010100.sql", "line 3", "no such table: nowhere"):
            assert part in message, message
        connection = bench.connect()
        assert schema_of(connection) == schema_of_sql(BASE)
        connection.close()
        assert bench.query("SELECT * FROM contacts") == before
        assert "maintenance_mode" not in bench.config()


CASES = {case.__name__: case for case in (all_updates_in_one_migrate, a_broken_update_leaves_version_0_1)}

if __name__ == "__main__":
    main(CASES)
