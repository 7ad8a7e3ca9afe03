"""All MySQL and PostgreSQL updates of Roundcube, from version 0.1 on, in one migrate; compared with what it installs afresh."""

import os
import shutil
import sys
from pathlib import Path

from bench_folder import main
from server_bench import ServerBench
from servers import KINDS

SKIPPED = 77
SITE = ("--site", "site")
SQL = Path(os.environ.get("ROUNDCUBE", "roundcube")) / "usr/share/roundcube/SQL"
FOLDERS = {"mariadb": "mysql", "postgres": "postgres"}

MANIFEST = """\
name: app
title: Roundcube
version: 1.6.5
read_only: true
patches:
  format: sql
  path: {mariadb: SQL/mysql, postgres: SQL/postgres}
"""

SHAPES = {
    "mariadb": [
        "SELECT table_name, column_name, column_type, is_nullable, column_default, collation_name, extra "
        "FROM information_schema.columns WHERE table_schema = DATABASE()",
        "SELECT table_name, index_name, seq_in_index, column_name, non_unique FROM information_schema.statistics "
        "WHERE table_schema = DATABASE()",
        "SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name "
        "FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL",
    ],
    "postgres": [
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    ],
}

# What differs between an updated and a fresh one is Roundcube's own doing, without bench as with it: its CONVERT TO utf8mb4
# widens texts, and a constraint and a default are called otherwise.
WIDENED = {("contacts", "email"), ("contacts", "words"), ("searches", "data"), ("session", "vars"), ("system", "value")}
KNOWN = {
    "mariadb": lambda row: row[:2] in WIDENED and row[2] in ("text", "mediumtext", "longtext"),
    "postgres": lambda row: row[:2] == ("contacts", "email") or row[1].startswith("filestore_user_id_"),
}


class Roundcube(ServerBench):
    """A site whose database is Roundcube's of version 0.1, and the updates since then as its app."""

    def __init__(self, kind):
        super().__init__(kind)
        if not SQL.is_dir():
            print(f"skipped: {SQL} is not there")
            sys.exit(SKIPPED)
        self.updates = self.app / "SQL" / FOLDERS[kind]
        for folder in FOLDERS.values():
            shutil.copytree(SQL / folder, self.app / "SQL" / folder)
        (self.app / "app.yaml").write_text(MANIFEST)
        self.new_site()
        base = (Path(__file__).parent / f"base_0_1.{kind}.sql").read_text()
        owner = self.server.variant("", f'SET ROLE "{self.config()["db_name"]}_owner";\n')
        self.as_admin(owner + base)

    def shape(self, database):
        """Columns, indexes and constraints, without what bench keeps for itself."""
        rows = [row for query in SHAPES[self.server.kind] for row in self.server.as_admin(query, database)]
        return sorted(row for row in rows if not row[0].strip('"').startswith(("__bench", "tab")))

    def shape_of_a_fresh_one(self):
        name = self.server.name("fresh")
        self.server.as_admin(f"CREATE DATABASE {name}")
        self.server.as_admin((SQL / f"{FOLDERS[self.server.kind]}.initial.sql").read_text(), name)
        return self.shape(name)


def all_updates(kind):
    with Roundcube(kind) as bench:
        result = bench.json(*SITE, "migrate")["results"][0]
        assert result["result"] == "migrated", result
        updates = [patch for patch in result["patches"] if patch["app"] == "app"]
        assert {patch["state"] for patch in updates} == {"applied"}, updates
        assert [patch["patch"] for patch in updates] == sorted(path.stem for path in bench.updates.glob("*.sql"))
        assert len(updates) > 30, len(updates)

        migrated, fresh = bench.shape(bench.config()["db_name"]), bench.shape_of_a_fresh_one()
        assert len(migrated) == len(fresh) > 100, (len(migrated), len(fresh))
        differences = [row for row in set(migrated) ^ set(fresh) if not KNOWN[kind](row)]
        assert differences == [], sorted(differences)
        check_rows(bench)
        assert bench.json(*SITE, "migrate")["results"][0]["result"] == "up-to-date"
        bench.run(*SITE, "verify-backup", result["backups"]["after"], "--drill")


def check_rows(bench):
    assert bench.query("SELECT username, language, preferences FROM users ORDER BY user_id") == [("ada", "en_GB", "a:0:{}"), ("émile", "fr", "")]
    assert bench.query("SELECT name, organization, signature FROM identities ORDER BY identity_id") == [
        ("Ada", "Analytical; Engines", "it's me"),
        ("Émile", "", ""),
    ]
    assert bench.query("SELECT email, words IS NULL FROM contacts ORDER BY contact_id") == [
        ("grace@example.org", bench.server.variant("1", "t")),
        ("alan@example.org", bench.server.variant("1", "t")),
    ]


def a_broken_update(kind):
    """It leaves version 0.1, with all its rows."""
    with Roundcube(kind) as bench:
        (bench.updates / "2099010100.sql").write_text("DROP TABLE contactgroupmembers;\n\nALTER TABLE nowhere ADD COLUMN x INTEGER;\n")
        before = bench.server.content(bench.config())
        result = bench.json(*SITE, "migrate", expect=7)["results"][0]
        assert result["result"] == "undone", result
        message = result["error"]["message"]
        assert "2099010100.sql" in message and "line 3" in message and "nowhere" in message, message
        after = bench.server.content(bench.config())
        assert after == before, f"{set(before.splitlines()) ^ set(after.splitlines())}"
        assert "maintenance_mode" not in bench.config() and bench.leftovers() == []


CASES = {
    f"{name}, {kind}": lambda case=case, kind=kind: case(kind)
    for name, case in {"all updates in one migrate": all_updates, "a broken update leaves version 0.1": a_broken_update}.items()
    for kind in KINDS
}

if __name__ == "__main__":
    main(CASES)
