"""new-site, drop-site, backups and the accounts behind them where a server keeps the database; each case on every server."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from server_place import (BOOKS, MORE, app, at_site, backup_of, check_live, config, content, make_migrated_site, make_site, site_of, tables)
from servers import OwnServer
from support import contains, equal, lacks, same_text

NO_ADMIN = {"BENCH_DB_ROOT_USERNAME": ""}


def test_new_site(place):
    run = make_site(place)
    name = site_of(place)
    contains(run.out, f"made the site {name}", f"{name} ({place.server.kind})", "2 patches: bench --site")
    equal((place.site(name) / "site_config.json").stat().st_mode & 0o777, 0o600)
    found = config(place)
    equal((found["db_name"], found["db_type"], found["db_socket"]), (name, place.server.kind, place.server.socket))
    assert len(found["db_password"]) >= 20, found
    equal(place.server.databases(), [name])
    if place.server.kind == "postgres":
        equal(place.server.as_admin(f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{name}'"), [(f"{name}_owner",)])
        equal(place.server.as_admin(f"SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE '{name}%' ORDER BY 1"),
              [(name, "t"), (f"{name}_owner", "f")])
    else:
        equal(place.server.accounts(), [name])
        # No other database may match the grant's pattern.
        contains(place.server.as_admin(f"SHOW GRANTS FOR '{name}'@'localhost'")[1][0], name.replace("_", "\\_").replace("\\", "\\\\"))
    lacks(run.out + run.err, found["db_password"])
    place.bench(*at_site(place, "migrate"))
    check_live(place)


def test_a_database_or_account_that_exists_is_refused(place):
    place.bench("init", str(place.path))
    name = site_of(place)
    place.server.as_admin(f"CREATE DATABASE {name}")
    contains(make_site(place, code=10).err, name, "exists already", "hint: choose another db_name")
    equal(place.server.databases(), [name])
    equal(place.server.accounts(), [])
    place.server.as_admin(f"DROP DATABASE {name}")
    place.server.as_admin(place.server.variant(f"CREATE USER '{name}'@'localhost'", f"CREATE ROLE {name}"))
    contains(make_site(place, code=10).err, "the account", "exists already", "hint: ")
    equal((place.server.databases(), place.server.accounts()), ([], [name]))
    assert not place.site(name).exists() and not (place.path / "sites/.new").exists()


def test_without_an_administrator(place):
    """Refused at once, with one thing to do."""
    run = make_site(place, "--db-root-username", place.server.name("nobody"), code=10)
    contains(run.err, place.server.name("nobody"))
    equal((place.server.databases(), place.server.accounts()), ([], []))
    assert not (place.path / "sites/.new").exists()
    equal(len(run.error_lines()), 2)


def make_administrator(place):
    """An administrator with a password; MariaDB checks it."""
    name = place.server.name("admin")
    place.server.as_admin(place.server.variant(
        f"GRANT ALL ON *.* TO '{name}'@'localhost' IDENTIFIED BY 'it''s \"secret\"' WITH GRANT OPTION",
        f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD 'it''s \"secret\"'"))
    return name, "it's \"secret\""


def test_an_administrator_of_the_command_line(place):
    name, password = make_administrator(place)
    file = place.folder / "password"
    file.write_text(password + "\n")
    make_site(place, "--db-root-username", name, "--db-root-password-file", str(file), env=NO_ADMIN)
    run = place.bench(*at_site(place, "migrate", "--db-root-username", name, "--db-root-password", password), env=NO_ADMIN)
    contains(run.err, "--db-root-password")
    lacks(run.err, password)
    lacks((place.site(site_of(place)) / "logs/bench.log").read_text(), password)
    equal(place.result(*at_site(place, "operations"))["operations"][0]["state"], "done")
    for record in (place.site(site_of(place)) / "operations").glob("*.json"):
        lacks(record.read_text(), password.replace('"', '\\"'), config(place)["db_password"])
    file.unlink()
    contains(place.bench(*at_site(place, "set-maintenance-mode", "on", "--db-root-username", name, "--db-root-password-file", str(file)),
                         env=NO_ADMIN, code=2).err, "there is no such password file")


def test_a_server_that_is_not_there_is_said_first(place):
    place.bench("init", str(place.path))
    for where in (["--db-socket", "/nowhere/socket"], ["--db-host", "127.0.0.1", "--db-port", "1"]):
        run = place.bench("new-site", site_of(place), "--db-type", place.server.kind, *where, env=NO_ADMIN, code=10)
        contains(run.err, "cannot connect")


def test_a_listener_that_is_no_server_is_said_first(place):
    """Neither one that closes at once, nor one that speaks another language."""
    import socket
    import threading
    place.bench("init", str(place.path))
    for answer in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                while True:
                    try:
                        connection = listener.accept()[0]
                    except OSError:
                        return
                    with connection:
                        connection.sendall(answer)
            threading.Thread(target=serve, daemon=True).start()
            run = place.bench("new-site", site_of(place), "--db-type", place.server.kind, "--db-host", "127.0.0.1", "--db-port",
                              str(listener.getsockname()[1]), env=NO_ADMIN, code=10)
            contains(run.err, "cannot connect")
            listener.shutdown(socket.SHUT_RDWR)


def test_who_was_tried_as_the_administrator_is_said(place):  # on postgres alone
    import getpass
    run = make_site(place, env=NO_ADMIN, code=9)
    contains(run.err, "creating a database takes an administrator", f"the system's account {getpass.getuser()} is none",
             "--db-root-username")


def make_weak_administrator(place):
    """It logs in, and may look at everything."""
    name = place.server.name("weak")
    place.server.as_admin(place.server.variant(
        f"CREATE USER '{name}'@'localhost'; GRANT SELECT, PROCESS ON *.* TO '{name}'@'localhost'", f"CREATE ROLE {name} LOGIN"))
    return {"BENCH_DB_ROOT_USERNAME": name}


def test_an_administrator_who_may_not_make_a_database_leaves_nothing(place):
    weak = make_weak_administrator(place)
    run = make_site(place, env=weak, code=10)
    contains(run.err, "denied", "hint: ", weak["BENCH_DB_ROOT_USERNAME"] if place.server.kind == "mariadb" else "")
    assert not (place.path / "sites/.new").exists()
    lacks(place.bench("list-sites", code=[0, 2]).err, "interrupted")
    equal((place.server.databases(), place.server.accounts()), ([], [weak["BENCH_DB_ROOT_USERNAME"]]))


def test_an_administrator_without_rights_to_the_database_has_the_right_password(place):
    make_site(place)
    name = place.server.name("stranger")
    place.server.as_admin(place.server.variant(f"CREATE USER '{name}'@'localhost'", f"CREATE ROLE {name} LOGIN"))
    run = place.bench(*at_site(place, "backup"), env={"BENCH_DB_ROOT_USERNAME": name}, code=10)
    contains(run.err, "denied", name, "hint: the password is right, but the account has no right to this database")


def make_certificates(folder):
    """One of a server on the loopback, the authority that signed it, and another authority."""
    folder.mkdir()
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    for name in ("authority", "another"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
    return folder


def test_a_server_over_tcp_with_tls(place):
    certificates = make_certificates(place.folder / "certificates")
    with OwnServer(place.server.kind, place.folder / "server", certificates) as server:
        place.server = server
        server.as_admin(server.variant("CREATE USER boss@localhost IDENTIFIED BY 'tls only' REQUIRE SSL; "
                                       "GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION",
                                       "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'tls only'"))
        (place.folder / "password").write_text("tls only\n")
        # The name from the environment, the password from a flag.
        boss = {"BENCH_DB_ROOT_USERNAME": "boss"}
        with_password = ["--db-root-password-file", str(place.folder / "password")]
        place.bench("init", str(place.path))
        place.bench("set-config", "-g", "allow_reads_during_maintenance", "1")
        place.bench("set-config", "-g", "db_ssl_ca", str(certificates / "authority.pem"))
        make_site(place, *with_password, env=boss)
        boss["BENCH_DB_ROOT_PASSWORD_FILE"] = str(place.folder / "password")
        contains(place.bench(*at_site(place, "migrate"), env=boss).out, "writes were refused by the database")
        [manifest] = place.site(site_of(place)).glob("private/backups/*-manifest.json")
        place.bench(*at_site(place, "verify-backup", str(manifest), "--drill"), env=boss)
        place.bench(*at_site(place, "--yes", "restore", str(manifest)), env=boss)
        equal(place.server.as_admin("SELECT title FROM book", config(place)["db_name"]), [("Emma",)])
        asked = server.variant("SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
                               "SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        query = ["--", *server.variant(["--skip-column-names", "-e"], ["-tAc"]), asked]
        equal(place.bench(*at_site(place, "db-console", *query)).out.strip(), "1")
        # The right server, as far as this authority knows: it does not know it.
        place.bench(*at_site(place, "set-config", "db_ssl_ca", str(certificates / "another.pem")))
        run = place.bench(*at_site(place, "backup"), env=boss, code=10)
        contains(run.err, "cannot connect", "127.0.0.1", str(server.port), "certificate", "db_ssl_ca")
        lacks(run.err, config(place)["db_password"], "tls only")
        place.bench(*at_site(place, "set-config", "db_ssl_ca", str(certificates / "authority.pem")))
        place.bench(*at_site(place, "set-config", "db_password", "wrong"))
        contains(place.bench(*at_site(place, "patches"), code=10).err, "cannot connect", "db_password")


def test_an_administrator_of_the_bench(place):
    name, password = make_administrator(place)
    place.bench("init", str(place.path))
    file = place.path / "config/admin.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"servers": [{"db_type": place.server.kind, "socket": place.server.socket, "username": name, "password": password}]}))
    file.chmod(0o640)
    place.bench("set-config", "-g", "allow_reads_during_maintenance", "1")
    contains(make_site(place, env=NO_ADMIN, code=9).err, "others than its owner may read it", f"hint: chmod 600 {file}")
    file.chmod(0o600)
    make_site(place, env=NO_ADMIN)
    equal(place.result(*at_site(place, "migrate"), env=NO_ADMIN)["window"]["fence"], "database")
    place.bench(*at_site(place, "drop-site", "--yes"), env=NO_ADMIN)
    equal(place.server.databases(), [])


def test_an_administrator_of_another_server_changes_nothing(place):
    """Neither for a site at a port of its own, nor when the file says that both addresses are of one server."""
    name, password = make_administrator(place)
    other = place.server
    entry = {"db_type": other.kind, "socket": other.socket, "username": name, "password": password}
    file = place.path / "config/admin.json"
    with OwnServer(other.kind, place.folder / "server", make_certificates(place.folder / "certificates")) as server:
        place.server = server
        server.tag = other.tag
        # Under the same password, so that only its address tells the server.
        server.as_admin(server.variant(f"GRANT ALL ON *.* TO '{name}'@'localhost' IDENTIFIED BY 'it''s \"secret\"' WITH GRANT OPTION",
                                       f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD 'it''s \"secret\"'"))
        (place.folder / "password").write_text(password)
        boss = {"BENCH_DB_ROOT_USERNAME": name, "BENCH_DB_ROOT_PASSWORD_FILE": str(place.folder / "password")}
        place.bench("init", str(place.path))
        place.bench("set-config", "-g", "allow_reads_during_maintenance", "1")
        file.parent.mkdir(exist_ok=True)
        def names(**more):
            file.write_text(json.dumps({"servers": [{**entry, **more}]}))
            file.chmod(0o600)
        address = {"host": "127.0.0.1", "port": server.port}
        for more in ({}, address):
            names(**more)
            # With a port of its own, PostgreSQL's socket is one that is not there.
            run = make_site(place, env=NO_ADMIN, code=server.variant(9, 10) if more else 9)
            contains(run.err, *server.variant([other.socket, f"127.0.0.1:{server.port}"], ["cannot connect"]) if more else ["none is named"])
            equal(other.databases(), [])
            assert not (place.path / "sites/.new").exists()
        file.unlink()
        make_site(place, env=boss)
        # The other server has a database of that name, too.
        other.as_admin(f"CREATE DATABASE {site_of(place)}")
        for more in ({}, address):
            names(**more)
            place.bench(*at_site(place, "drop-site", "--yes"), env=NO_ADMIN, code=server.variant(9, 10) if more else 9)
            equal((other.databases(), server.databases()), ([site_of(place)], [site_of(place)]))
        # Its own socket, and the same server by both addresses.
        names(socket=server.socket, **address)
        equal(place.result(*at_site(place, "migrate"), env=NO_ADMIN)["window"]["fence"], "database")
        place.bench(*at_site(place, "drop-site", "--yes"), env=NO_ADMIN)
        equal((other.databases(), server.databases()), ([site_of(place)], []))
        place.bench("new-site", site_of(place), *server.arguments(), env=NO_ADMIN)
        equal(server.databases(), [site_of(place)])


def test_an_administrator_of_the_common_config(place):
    name, password = make_administrator(place)
    place.bench("init", str(place.path))
    for key, value in (("root_login", name), ("root_password", password), ("allow_reads_during_maintenance", "1")):
        place.bench("set-config", "-g", key, value)
    make_site(place, env=NO_ADMIN)
    equal(place.result(*at_site(place, "migrate"), env=NO_ADMIN)["window"]["fence"], "database")


def test_backup_restore_and_drill(place):
    make_migrated_site(place)
    name = site_of(place)
    for kind in ("public", "private"):
        (place.site(name) / kind / "files/ünïcode name.txt").write_text(kind)
    before = content(place)
    manifest = backup_of(place, "--with-files")
    equal(sorted(file["role"] for file in json.loads(Path(manifest).read_text())["files"]), ["config", "database", "files", "private-files"])
    contains(place.bench(*at_site(place, "verify-backup", manifest, "--drill")).out, "is good", "scratch database")
    equal(place.server.databases(), [name])
    app(place, "UPDATE book SET title = 'Persuasion'")
    place.server.as_admin("CREATE TABLE unknown (id INTEGER)", config(place)["db_name"])
    (place.site(name) / "public/files/ünïcode name.txt").write_text("changed")
    result = place.result(*at_site(place, "restore", manifest, "--with-public-files", "--yes"))
    equal((result["verified_by_manifest"], result["public_files"], result["private_files"]), (True, True, False))
    equal((place.site(name) / "public/files/ünïcode name.txt").read_text(), "public")
    same_text(content(place), before)
    check_live(place)
    # What it was before can be had back as well.
    place.bench(*at_site(place, "restore", result["before"], "--yes"))
    equal(app(place, "SELECT title FROM book"), [("Persuasion",)])
    assert "unknown" in tables(place)
    check_live(place)


def test_large_objects_are_the_apps_after_a_restore(place):  # on postgres alone
    """A dump names no owner, and the app must be able to read what it wrote."""
    make_migrated_site(place)
    reader = place.server.name("reader")
    place.server.as_admin(f"CREATE ROLE {reader}")
    app(place, "SELECT lo_from_bytea(70001, 'kept'), lo_from_bytea(70002, 'lost')")
    app(place, f"GRANT SELECT ON LARGE OBJECT 70001 TO {reader} WITH GRANT OPTION")
    rights = """SELECT m.oid, pg_get_userbyid(lomowner), coalesce(string_agg(a.privilege_type || a.is_grantable, ' '), '')
                FROM pg_largeobject_metadata m LEFT JOIN aclexplode(lomacl) a ON a.grantee <> lomowner GROUP BY 1, 2 ORDER BY 1"""
    before = app(place, rights)
    manifest = backup_of(place)
    app(place, "SELECT lo_unlink(70002), lo_put(70001, 0, 'gone')")
    place.bench(*at_site(place, "restore", manifest, "--yes"))
    equal(app(place, rights), before)
    equal(app(place, "SELECT lo_get(70001) = 'kept', lo_get(70002) = 'lost', lo_put(70002, 0, 'new')"), [("t", "t", "")])
    # The next backup reads them, too.
    place.bench(*at_site(place, "verify-backup", backup_of(place), "--drill"))


def test_long_values_come_back(place):  # on mariadb alone
    """As literals they are longer than what the server takes at once (16 MiB)."""
    make_migrated_site(place)
    app(place, "CREATE TABLE long_value (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT, u LONGTEXT, KEY one (t(9)), KEY two (t(9)))")
    app(place, "INSERT INTO long_value VALUES (1, NULL, NULL, ''), (2, REPEAT(UNHEX('00FF27'), 3000000), REPEAT('\\'', 9000000), REPEAT('ü€', 500000)), "
               "(3, REPEAT('a', 8388608), REPEAT('a', 262145), REPEAT('a', 262144))")
    rows = "SELECT id, LENGTH(b), MD5(b), LENGTH(t), MD5(t), LENGTH(u), MD5(u) FROM long_value ORDER BY id"
    before = app(place, rows)
    manifest = backup_of(place)
    contains(place.bench(*at_site(place, "verify-backup", manifest, "--drill")).out, "is good")
    app(place, "DELETE FROM long_value")
    place.bench(*at_site(place, "restore", manifest, "--yes"))
    equal(app(place, rows), before)
    place.make_app("books", {**MORE, "0004_bad.sql": "INSERT INTO nowhere VALUES (1);\n"})
    place.bench(*at_site(place, "migrate"), code=7)
    equal(app(place, rows), before)


def test_a_statement_that_is_too_long_is_named(place):  # on mariadb alone
    make_migrated_site(place)
    dump = place.folder / "long.sql"
    dump.write_text(f"CREATE TABLE a (t LONGTEXT);\nINSERT INTO a VALUES ('{'a' * 17_000_000}');\n")
    run = place.bench(*at_site(place, "restore", str(dump), "--yes"), code=6)
    contains(run.err, "line 2 of the dump", "more than the server takes at once", "hint: raise the server's max_allowed_packet")
    check_live(place)


def test_the_drill_of_some_tables_says_what_it_cannot_prove(place):
    make_migrated_site(place)
    place.make_app("books", {**BOOKS, "0003_loan.sql": "CREATE TABLE loan (id INTEGER PRIMARY KEY, book INTEGER REFERENCES book (id));\n"})
    place.bench(*at_site(place, "migrate", "--backup", "none"))
    app(place, "INSERT INTO loan VALUES (1, (SELECT min(id) FROM book))")
    if place.server.kind == "mariadb":
        app(place, "CREATE VIEW lent AS SELECT title FROM book JOIN loan ON book.id = loan.book")
    partial = place.result(*at_site(place, "backup", "--exclude", "book"))["manifest"]
    result = place.result(*at_site(place, "verify-backup", partial, "--drill"))
    equal((result["drilled"], len(result["not_proven"])), (True, 1))
    contains(result["not_proven"][0], "lent" if place.server.kind == "mariadb" else "loan")
    run = place.bench(*at_site(place, "verify-backup", partial, "--drill"))
    contains(run.out, "is good", "not proven, because it needs what the set does not hold")
    alone = place.result(*at_site(place, "backup", "--only", "book"))["manifest"]
    equal(place.result(*at_site(place, "verify-backup", alone, "--drill"))["not_proven"], [])


def test_views_of_sequences_are_backed_up(place):  # on mariadb alone
    make_migrated_site(place)
    app(place, "CREATE SEQUENCE numbers")
    app(place, "CREATE VIEW next_number AS SELECT NEXTVAL(numbers) AS number")
    place.bench(*at_site(place, "verify-backup", backup_of(place), "--drill"))
    place.make_app("books", {**BOOKS, **MORE})
    equal(place.result(*at_site(place, "migrate"))["result"], "migrated")


def test_what_a_restore_cannot_make_again_is_said(place):
    make_migrated_site(place)
    if place.server.kind == "mariadb":
        app(place, "CREATE VIEW catalogue AS SELECT TABLE_NAME FROM information_schema.TABLES")
        app(place, "CREATE VIEW dead AS SELECT * FROM book")
        app(place, "RENAME TABLE book TO novel")
        words = ("bench cannot restore this database, because views name what is gone", "dead")
    else:
        name = config(place)["db_name"]
        place.server.as_admin(f"SET ROLE {name}_owner; CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int); CREATE TYPE span AS RANGE (subtype = int)", name)
        place.server.as_admin("CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$", name)
        place.server.as_admin("CREATE EVENT TRIGGER noticed ON ddl_command_start EXECUTE FUNCTION noticed()", name)
        place.server.as_admin("CREATE PUBLICATION news FOR ALL TABLES", name)
        words = ("only a superuser may make: event trigger noticed", "has to subscribe anew: news",
                 f"gives to {name}_owner what belongs to others: function public.noticed() of postgres, publication news of postgres")
    result = place.bench("--json", *at_site(place, "backup"))
    limits = " ".join(result.json()["results"][0]["restore_limits"])
    contains(limits, *words)
    lacks(limits, "catalogue", "total", "span")
    contains(result.err, "warning: ", *words)
    place.make_app("books", MORE)
    contains(place.bench(*at_site(place, "migrate", "--backup", "none")).err, *words)


def test_an_account_that_went_in_the_window_does_not_come_back(place):  # on mariadb alone
    """GRANT would make it anew, without a password."""
    make_migrated_site(place)
    name = config(place).get("db_user", config(place)["db_name"])
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    for (host,) in place.server.as_admin(f"SELECT Host FROM mysql.user WHERE User = '{name}'"):
        place.server.as_admin(f"DROP USER '{name}'@'{host}'")
    run = place.bench(*at_site(place, "set-maintenance-mode", "off"), code=[0, 8, 10])
    contains(run.out + run.err, name)
    equal(place.server.as_admin(f"SELECT Host FROM mysql.user WHERE User = '{name}'"), [])
    place.server.as_admin(f"DROP DATABASE {config(place)['db_name']}")


def test_the_locale_of_the_database_stays(place):  # on postgres alone
    make_migrated_site(place)
    manifest, name = backup_of(place), config(place)["db_name"]
    place.server.as_admin(f"DROP DATABASE {name} WITH (FORCE)")
    place.server.as_admin(f"CREATE DATABASE {name} OWNER {name}_owner TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C.UTF-8'")
    place.server.as_admin(f"GRANT ALL ON SCHEMA public TO {name}_owner", name)
    place.bench(*at_site(place, "restore", manifest, "--yes"))
    locale = f"SELECT datlocprovider, daticulocale FROM pg_database WHERE datname = '{name}'"
    equal(place.server.as_admin(locale), [("i", "de-DE")])
    equal(app(place, "SELECT 'ä' < 'b'"), [("t",)])


def test_a_swap_that_fails_leaves_the_site_as_it_was(place):
    """On MariaDB a reader holds it up until a person stops it; on PostgreSQL a prepared transaction keeps the database from
    being renamed."""
    make_migrated_site(place)
    manifest = backup_of(place)
    app(place, "UPDATE book SET title = 'Persuasion'")
    before = content(place)
    name = config(place)["db_name"]
    child = place.start(*at_site(place, "restore", manifest, "--yes"), env={"BENCH_PAUSE_AT": "restore.kept"})
    assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
    if place.server.kind == "mariadb":
        reader = place.server.session(admin_of=name)
        reader.run("BEGIN")
        reader.run("SELECT * FROM book")
        child.send_signal(signal.SIGCONT)
        time.sleep(4)
        child.send_signal(signal.SIGINT)
        run = place.finish(child)
        equal(run.code, 130)
        contains(run.err, "waiting for a lock of", "root")
        reader.close()
    else:
        place.server.as_admin("BEGIN; INSERT INTO book (id, title) VALUES (60, 'x'); PREPARE TRANSACTION 'left'", name)
        child.send_signal(signal.SIGCONT)
        run = place.finish(child, timeout=100)
        place.server.as_admin("ROLLBACK PREPARED 'left'", name)
        equal(run.code, 5)
        contains(run.err, "hint: stop the site's processes and try again")
    equal(place.result(*at_site(place, "operations"))["operations"][-1]["state"], "undone")
    same_text(content(place), before)
    equal(place.server.databases(), [site_of(place)])
    check_live(place)


def test_restore_of_what_is_not_good(place):
    make_migrated_site(place)
    before = content(place)
    broken = place.folder / "broken.sql"
    broken.write_text("CREATE TABLE a (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n")
    run = place.bench("--json", *at_site(place, "restore", str(broken), "--yes"), code=6)
    equal(run.json()["error"]["kind"], "bad-backup")
    contains(run.json()["error"]["message"], "nowhere")
    same_text(content(place), before)
    check_live(place)


def test_a_backup_in_a_window(place):
    make_migrated_site(place)
    result = place.result(*at_site(place, "backup", "--with-files", "--in-window"))
    equal((result["same_moment"], result["window"]["fence"]), (True, "database"))
    check_live(place)


def test_drop_site(place):
    make_migrated_site(place)
    name = site_of(place)
    before = content(place)
    result = place.result(*at_site(place, "drop-site", "--yes"))
    assert not place.site(name).exists()
    equal((place.server.databases(), place.server.accounts()), ([], []))
    assert not (place.path / "sites/.new").exists()
    make_site(place)
    place.bench(*at_site(place, "restore", result["backup"], "--yes"))
    equal(app(place, "SELECT title FROM book"), [("Emma",)])
    same_text(without_password(content(place)), without_password(before))
    check_live(place)
    place.bench(*at_site(place, "migrate", "--check"))


def without_password(text):
    """MariaDB shows its hash, and the new account has a new one."""
    return "\n".join(line for line in text.splitlines() if "IDENTIFIED BY" not in line)


def lose_database(place):
    name = config(place)["db_name"]
    place.server.as_admin(place.server.variant(f"DROP DATABASE `{name}`", f'DROP DATABASE "{name}" WITH (FORCE)'))


def test_restore_where_the_database_is_gone(place):
    make_migrated_site(place)
    name = config(place)["db_name"]
    before, manifest = content(place), backup_of(place)
    for account_too in (False, True):
        lose_database(place)
        if account_too:
            for account in place.server.accounts():
                place.server.as_admin(place.server.variant(f"DROP USER `{account}`@localhost", f'DROP ROLE "{account}"'))
        run = place.bench(*at_site(place, "restore", manifest, "--yes"))
        contains(run.out + run.err, f"the server had no database {name}: it was made anew, with the account {name}")
        same_text(without_password(content(place)), without_password(before))
        check_live(place)
    place.bench(*at_site(place, "migrate", "--check"))


def test_restore_where_the_database_went_in_the_middle_of_a_migrate(place):
    make_migrated_site(place)
    before, manifest = content(place), backup_of(place)
    place.make_app("books", MORE)
    child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "migrate.patch-applied"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    lose_database(place)
    run = place.bench(*at_site(place, "restore", manifest, "--yes"), code=8)
    contains(run.err, "the database cannot be asked how far it came", f"hint: bench --site {site_of(place)} list-backups")
    place.bench(*at_site(place, "restore", manifest, "--yes"))
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    same_text(without_password(content(place)), without_password(before))
    check_live(place)


def test_drop_site_while_its_server_is_away(place):
    make_migrated_site(place)
    name, folder = site_of(place), place.site(site_of(place))
    place.bench(*at_site(place, "set-config", "db_socket", "/nonexistent/socket"))
    before = place.tree(folder)
    for options in ([], ["--no-backup"]):
        contains(place.bench(*at_site(place, "drop-site", "--yes", *options), code=10).err, "/nonexistent/socket", "hint: ")
        equal([file for file in place.tree(folder) if file not in before], [])
        assert not (place.path / "archived").exists() and not (place.path / "sites/.new").exists()
    run = place.bench(*at_site(place, "drop-site", "--force"))
    contains(run.out, f"{name} was left on its server")
    assert not folder.exists() and (place.path / "archived/sites" / name / "site_config.json").exists()
    place.bench("recover")
    equal(place.server.databases(), [name])


def test_drop_site_whose_database_is_gone(place):
    make_migrated_site(place)
    lose_database(place)
    contains(place.bench(*at_site(place, "drop-site", "--yes"), code=10).err, "there is no database", f"hint: bench drop-site {site_of(place)} --no-backup")
    assert place.site(site_of(place)).exists()
    place.bench(*at_site(place, "drop-site", "--yes", "--no-backup"))
    equal((place.server.databases(), place.server.accounts()), ([], []))
    assert not place.site(site_of(place)).exists()


def test_drop_site_without_an_administrator(place):
    make_migrated_site(place)
    before = content(place)
    run = place.bench(*at_site(place, "drop-site", "--yes", "--db-root-username", place.server.name("nobody")), code=10)
    contains(run.err, place.server.name("nobody"))
    assert place.site(site_of(place)).exists(), "the site is in the archive and its database is not dropped"
    same_text(content(place), before)
    check_live(place)


def test_new_site_in_place_of_another(place):
    make_migrated_site(place)
    name, old = site_of(place), config(place)["db_name"]
    make_site(place, "--force", "--yes")
    assert config(place)["db_name"] != old
    equal(place.server.databases(), [config(place)["db_name"]])
    equal([account for account in place.server.accounts() if not account.endswith("_owner")], [config(place)["db_name"]])
    assert "book" not in tables(place)
    assert (place.path / "archived/sites" / name / "site_config.json").exists()
    place.bench(*at_site(place, "migrate"))
    check_live(place)


def test_db_console(place):
    make_migrated_site(place)
    words = place.server.variant(["-N", "-e"], ["-At", "-c"])
    for command in ("db-console", place.server.kind):
        run = place.bench(*at_site(place, command, "--", *words, "SELECT title FROM book"))
        equal(run.out, "Emma\n")


def test_list_sites_and_a_server_that_is_away(place):
    make_migrated_site(place)
    contains(place.bench("list-sites").out, site_of(place), place.server.kind)
    place.bench(*at_site(place, "set-config", "db_socket", "/nonexistent/socket"))
    run = place.bench(*at_site(place, "migrate"), code=10)
    contains(run.err, "/nonexistent/socket", config(place)["db_name"], "hint: ")
    lacks(run.err, config(place)["db_password"])
    place.bench("list-sites")
