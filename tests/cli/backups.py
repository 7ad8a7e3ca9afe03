"""backup, list-backups, verify-backup, restore."""

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from support import BOOK_PATCHES, contains, equal, lacks


def book_site(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    for kind in ("public", "private"):
        folder = place.site() / kind / "files"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ünïcode name.txt").write_text(kind)


def titles(place, site="develop"):
    return [title for (title,) in place.query("SELECT title FROM book ORDER BY id", site)]


def test_backup(place):
    book_site(place)
    result = place.result("--site", "develop", "backup")
    manifest = Path(result["manifest"])
    equal(manifest.parent, place.site() / "private/backups")
    equal([file["role"] for file in result["files"]], ["database", "config"])
    assert result["files"][0]["name"].endswith("-database.sql.gz"), result
    equal((result["partial"], result["removed"], result["window"]), (False, [], None))
    for file in result["files"]:
        equal((manifest.parent / file["name"]).stat().st_size, file["size"])
        equal((manifest.parent / file["name"]).stat().st_mode & 0o777, 0o600)


def test_backup_with_files(place):
    book_site(place)
    result = place.result("--site", "develop", "backup", "--with-files", "--compress", "--compression", "zstd")
    names = {file["role"]: file["name"] for file in result["files"]}
    equal(sorted(names), ["config", "database", "files", "private-files"])
    assert names["files"].endswith("-files.tgz") and names["database"].endswith("-database.sql.zst"), names
    equal(result["same_moment"], False)
    contains(place.bench("--site", "develop", "backup", "--with-files").out, "files were copied while writers went on")


def test_backup_in_a_window(place):
    book_site(place)
    result = place.result("--site", "develop", "backup", "--with-files", "--in-window")
    equal((result["same_moment"], result["window"]["slipped_in"]), (True, False))
    assert "maintenance_mode" not in place.config()


def test_backup_of_some_tables(place):
    book_site(place)
    for arguments in (["--only", "book"], ["-i", "book,tabPatch Log"], ["--exclude", "book"]):
        result = place.result("--site", "develop", "backup", *arguments)
        equal(result["partial"], True)
        assert "-partial-database" in result["files"][0]["name"], result
        drilled = place.result("--site", "develop", "verify-backup", result["manifest"], "--drill")
        equal((drilled["drilled"], drilled["not_proven"]), (True, []))
    for arguments in (["-i", "bok"], ["--exclude", "book,nothing"]):
        contains(place.bench("--site", "develop", "backup", *arguments, code=2).err, "develop has no table")
    # A table that the configuration names may be another version's: nothing is left out, and the set is whole.
    place.bench("--site", "develop", "set-config", "-p", "backup", '{"excludes": ["Error Log"]}')
    run = place.bench("--json", "--site", "develop", "backup")
    contains(run.err, "develop has no table 'Error Log', which the config key backup names")
    equal(run.json()["results"][0]["partial"], False)
    place.bench("--site", "develop", "set-config", "-p", "backup", '{"excludes": ["book"]}')
    contains(place.bench("--site", "develop", "backup").err, "cannot be restored as a site")


def test_what_a_restore_replaced_outlives_migrates(place):
    book_site(place)
    manifest = place.result("--site", "develop", "backup", "--with-files")["manifest"]
    (place.site() / "public" / "files" / "only-here.txt").write_text("once")
    run = place.bench("--site", "develop", "restore", manifest, "--with-public-files", "--yes")
    contains(run.out, "until five more restores are done")
    for number in range(7):
        place.make_app("books", {**BOOK_PATCHES, f"1{number:03}_more.sql": f"CREATE TABLE more{number} (id INTEGER);\n"})
        place.bench("--site", "develop", "migrate")
    kept = list((place.site() / "operations").glob("*/replaced-public-files/only-here.txt"))
    equal([path.read_text() for path in kept], ["once"])


def test_backup_to_other_places(place):
    book_site(place)
    result = place.result("--site", "develop", "backup", "--backup-path", "elsewhere", cwd=place.path / "sites/develop")
    equal(Path(result["manifest"]).parent, place.site() / "elsewhere")
    paths = {option: place.folder / option.strip("-") for option in
             ("--backup-path-db", "--backup-path-conf", "--backup-path-files", "--backup-path-private-files")}
    place.bench("--site", "develop", "backup", "--with-files", *[word for option, path in paths.items() for word in (option, str(path))])
    for path in paths.values():
        assert path.is_file(), path


def test_a_backup_that_replaces_the_files_of_another(place):
    book_site(place)
    database = ("--backup-path-db", str(place.folder / "db.sql.gz"))
    fixed = (*database, "--backup-path-conf", str(place.folder / "conf.json"))

    def backup(*options):
        run = place.bench("--json", "--site", "develop", "backup", *options)
        return run.err, Path(run.json()["results"][0]["manifest"])

    def name(manifest):
        return manifest.name.removesuffix("-manifest.json")

    # The same content in the same places: both are good.
    (_, older), (told, same) = backup(*fixed), backup(*fixed)
    lacks(told, "warning")
    place.bench("--site", "develop", "verify-backup", str(older))
    place.query("INSERT INTO book (title) VALUES ('Persuasion')")
    told, newest = backup(*fixed, "--backup-path", str(place.folder / "sets"))
    contains(told, *[f"{name(manifest)}: this set has replaced it, file by file" for manifest in (older, same)])
    equal([manifest.exists() for manifest in (older, same, newest)], [False, False, True])
    place.bench("--site", "develop", "verify-backup", str(newest))
    # What keeps some of its files keeps its manifest, and is told of once.
    _, kept = backup(*database)
    place.query("INSERT INTO book (title) VALUES ('Northanger Abbey, and more')")
    contains(backup(*database)[0], f"{name(kept)}: it is not whole any more, because this set has replaced 1 of its files")
    place.query("INSERT INTO book (title) VALUES ('Sense and Sensibility, and more')")
    lacks(backup(*database)[0], name(kept))
    assert kept.exists()


def test_an_emptied_database_is_no_backup(place):
    book_site(place)
    manifest = place.result("--site", "develop", "backup")["manifest"]
    place.bench("--site", "develop", "set-config", "keep_backups_for_hours", "1")
    for file in place.database().parent.iterdir():
        file.unlink()
    place.database().touch()
    run = place.bench("--json", "--site", "develop", "backup", code=6)
    contains(run.json()["error"]["message"], "the database holds no table: it was emptied or replaced")
    contains(run.json()["error"]["hint"], "list-backups, then restore the newest")
    equal([s["manifest"] for s in place.result("--site", "develop", "list-backups")["sets"]], [manifest])
    place.bench("--site", "develop", "restore", manifest, "--yes")
    equal(titles(place), ["Emma"])


def test_one_path_for_several_sites_is_refused(place):
    place.make_bench("a", "b")
    run = place.bench("--site", "all", "backup", "--backup-path-db", "x.sql.gz", code=2)
    contains(run.err, "cannot serve several sites")
    equal([name for name in place.tree() if "x.sql" in name or "private/backups/" in name], [])


def test_list_backups(place):
    book_site(place)
    equal(place.bench("--site", "develop", "list-backups").out, "develop: no backup set yet\n")
    manifest = place.result("--site", "develop", "backup", "--with-files")["manifest"]
    listed = place.result("--site", "develop", "list-backups")
    equal([(s["manifest"], s["with_files"], s["partial"]) for s in listed["sets"]], [(manifest, True, False)])
    equal((listed["broken"], listed["without_manifest"]), ([], []))
    contains(place.bench("--site", "develop", "list-backups").out, Path(manifest).name.removesuffix("-manifest.json"), "database, files")
    equal(listed["sets"][0]["incomplete_files"], [])
    gone, cut_off = (manifest.replace("-manifest.json", end) for end in ("-site_config_backup.json", "-files.tar"))
    Path(gone).unlink()
    os.truncate(cut_off, 10)
    equal(sorted(place.result("--site", "develop", "list-backups")["sets"][0]["incomplete_files"]), sorted([gone, cut_off]))
    contains(place.bench("--site", "develop", "list-backups").out, f"GONE OR CUT OFF, of {Path(manifest).name[:15]}", gone, cut_off)
    Path(manifest).write_text("{")
    contains(place.bench("--site", "develop", "list-backups").out, f"BROKEN manifest: {manifest}")
    contains(place.bench("--site", "develop", "restore", manifest.replace(".json", "x"), "--yes", code=6).err,
             "hint: choose another set: bench --site develop list-backups")


def test_verify_backup(place):
    book_site(place)
    manifest = Path(place.result("--site", "develop", "backup")["manifest"])
    name = manifest.name.removesuffix("-manifest.json")
    result = place.result("--site", "develop", "verify-backup", name)
    equal((result["set"], result["manifest"], result["drilled"]), (name, str(manifest), False))
    assert result["rows"] > 0
    contains(place.bench("--site", "develop", "verify-backup", str(manifest), "--drill").out, "is good", "scratch database")
    database = next(manifest.parent.glob("*-database.sql.gz"))
    database.write_bytes(database.read_bytes()[:-10])
    run = place.bench("--json", "--site", "develop", "verify-backup", name, code=6)
    equal(run.json()["error"]["kind"], "bad-backup")
    contains(run.err, database.name)
    place.bench("--site", "develop", "verify-backup", "19990101_000000-develop", code=6)


def test_restore(place):
    book_site(place)
    name = Path(place.result("--site", "develop", "backup", "--with-files")["manifest"]).name.removesuffix("-manifest.json")
    place.query("DELETE FROM book")
    (place.site() / "public/files/ünïcode name.txt").write_text("changed")
    result = place.result("--site", "develop", "restore", name, "--with-public-files", "--yes")
    equal((result["verified_by_manifest"], result["public_files"], result["private_files"]), (True, True, False))
    equal(json.loads(open(result["before"]).read())["site"], "develop")
    equal(titles(place), ["Emma"])
    equal((place.site() / "public/files/ünïcode name.txt").read_text(), "public")
    assert "maintenance_mode" not in place.config()


def test_restore_of_a_dump_file(place):
    book_site(place)
    manifest = Path(place.result("--site", "develop", "backup")["manifest"])
    dump = place.folder / "copy.sql.gz"
    dump.write_bytes(next(manifest.parent.glob("*-database.sql.gz")).read_bytes())
    place.query("DELETE FROM book")
    run = place.bench("--site", "develop", "restore", str(dump), "--force")
    contains(run.out, "develop: restored", "it has no manifest")
    equal(titles(place), ["Emma"])


def test_restore_with_named_archives(place):
    book_site(place)
    manifest = Path(place.result("--site", "develop", "backup", "--with-files")["manifest"])
    dump = next(manifest.parent.glob("*-database.sql.gz"))
    archive = next(manifest.parent.glob("*-private-files.tar"))
    (place.site() / "private/files/ünïcode name.txt").write_text("changed")
    place.bench("--site", "develop", "restore", "--with-private-files", str(archive), str(dump), "--yes")
    equal((place.site() / "private/files/ünïcode name.txt").read_text(), "private")
    # What is private must not be published by a slip.
    for kind, other in (("public", "private"), ("private", "public")):
        archive = next(file for file in manifest.parent.glob("*-files.tar")
                       if file.name.endswith("-private-files.tar") == (other == "private"))
        run = place.bench("--site", "develop", "restore", f"--with-{kind}-files", str(archive), str(dump), "--yes", code=6)
        contains(run.err, f"{archive}: it holds a site's {other}/files", f"hint: give it with --with-{other}-files")
        equal((place.site() / f"{kind}/files/ünïcode name.txt").read_text(), kind)


def test_restore_of_what_is_not_good(place):
    book_site(place)
    broken = place.folder / "broken.sql"
    broken.write_text("CREATE TABLE a (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n")
    before = place.database().read_bytes()
    run = place.bench("--json", "--site", "develop", "restore", str(broken), "--yes", code=6)
    equal(run.json()["error"]["kind"], "bad-backup")
    contains(run.json()["error"]["message"], f"{broken}: ", "2")
    contains(run.json()["error"]["hint"], "list-backups")
    equal(titles(place), ["Emma"])
    equal(place.database().read_bytes(), before)
    assert "maintenance_mode" not in place.config()
    place.bench("--site", "develop", "restore", "no-such-set", "--yes", code=6)


def test_restore_refuses_what_is_encrypted(place):
    place.make_bench("develop")
    run = place.bench("--site", "develop", "restore", "20260101_000000-develop-database-enc.sql.gz", "--encryption-key", "k", "--yes", code=2)
    contains(run.err, "is encrypted", "hint: decrypt it first")


def test_restore_needs_a_source(place):
    place.make_bench("develop")
    contains(place.bench("--site", "develop", "restore", "--yes", code=2).err, "restore needs SOURCE")
    contains(place.bench("--site", "develop", "restore", "--with-public-files", "--yes", code=2).err, "restore needs SOURCE")


def test_restore_over_a_database_that_cannot_be_opened(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate")
    manifest = place.result("--site", "develop", "backup")["manifest"]
    for damage in (lambda file: file.unlink(), lambda file: file.write_bytes(b"this is no database" * 1000)):
        damage(place.database())
        place.bench("--site", "develop", "migrate", code=10)
        result = place.result("--site", "develop", "restore", manifest, "--yes")
        contains("\n".join(result["notes"]), "the database was damaged", "kept in")
        equal(place.query("SELECT title FROM book"), [("Emma",)])
        assert "maintenance_mode" not in place.config()


def test_restore_over_a_database_with_a_broken_page(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    manifest = place.result("--site", "develop", "backup")["manifest"]
    # Large enough that its pages are not those that opening reads.
    with closing(sqlite3.connect(place.database())) as database:
        database.execute("CREATE TABLE large (words TEXT)")
        database.executemany("INSERT INTO large VALUES (?)", [("x" * 900,)] * 2000)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(place.database(), "r+b") as file:
        file.seek(-40960, os.SEEK_END)
        file.write(b"\xff" * 8192)
    run = place.bench("--site", "develop", "--yes", "restore", manifest)
    contains(run.out, "the database was damaged", "its files are kept in")
    kept = next((place.path / "sites/develop/operations").glob("*/damaged-develop.db"))
    contains(kept.read_bytes()[-40960:-32768], b"\xff" * 8192)
    place.bench("--site", "develop", "migrate", "--check")


def test_a_restore_that_is_cut_off_loses_nothing_of_a_damaged_database(place):
    place.make_book_site()
    manifest = place.result("--site", "develop", "backup")["manifest"]
    for suffix in ("-wal", "-shm"):
        place.database().with_name(place.database().name + suffix).unlink(missing_ok=True)
    damaged = b"damaged" * 1000
    place.database().write_bytes(damaged)
    child = place.start("--site", "develop", "restore", manifest, "--yes", env={"BENCH_PAUSE_AT": "window.saved"})
    os.waitpid(child.pid, os.WUNTRACED)
    assert place.database().read_bytes() != damaged
    os.kill(child.pid, signal.SIGKILL)
    place.finish(child)
    contains(place.bench("--site", "develop", "recover").out, "as it was")
    equal(place.database().read_bytes(), damaged)
    place.bench("--site", "develop", "restore", manifest, "--yes")
    place.bench("--site", "develop", "migrate")


def test_recover_with_a_damaged_database_asks_for_a_person(place):
    place.make_book_site()
    place.bench("--site", "develop", "migrate", "--backup", "none")
    manifest = place.result("--site", "develop", "backup")["manifest"]
    place.make_app("books", {"0003_more.sql": "CREATE TABLE more (id INTEGER);"})
    child = place.start("--site", "develop", "migrate", env={"BENCH_PAUSE_AT": "window.fenced"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    place.finish(child)
    place.database().write_bytes(b"damaged" * 1000)
    for suffix in ("-wal", "-shm"):
        place.database().with_name(place.database().name + suffix).unlink(missing_ok=True)
    run = place.bench("--site", "develop", "recover", code=8)
    contains(run.err, "cannot be asked", "restore a backup")
    place.bench("--site", "develop", "restore", manifest, "--yes")
    place.bench("--site", "develop", "set-maintenance-mode", "off")
    equal(place.query("SELECT title FROM book"), [("Emma",)])
    assert "maintenance_mode" not in place.config()
