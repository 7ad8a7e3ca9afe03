"""migrate, recover and the window where a server keeps the database; each case on every server."""

import json
import os
import signal

from server_place import BAD, BOOKS, MORE, app, at_site, backup_of, can_write, check_live, config, content, make_migrated_site, make_site, site_of, tables
from servers import OwnServer, Refused, Relay
from support import Skipped, contains, equal, lacks, same_text, wait_for

NOBODY = {"BENCH_DB_ROOT_USERNAME": ""}


def titles(place):
    return [title for (title,) in app(place, "SELECT title FROM book ORDER BY id")]


def test_migrate(place):
    make_site(place)
    result = place.result(*at_site(place, "migrate"))
    equal((result["result"], result["error"]), ("migrated", None))
    equal([p["state"] for p in result["patches"]], ["applied", "applied"])
    equal((result["window"]["fence"], result["window"]["gaps"]), ("database", []))
    for moment in ("before", "after"):
        equal(json.loads(open(result["backups"][moment]).read())["database"]["type"], place.server.kind)
    equal(titles(place), ["Emma"])
    check_live(place)
    equal(place.result(*at_site(place, "migrate"))["result"], "up-to-date")
    equal(place.bench(*at_site(place, "migrate")).out, f"{site_of(place)}: up to date, nothing to do\n")


def test_a_failing_patch_is_undone(place):
    make_migrated_site(place)
    before, config_before = content(place), (place.site(site_of(place)) / "site_config.json").read_bytes()
    place.make_app("books", {**MORE, **BAD})
    document = place.bench("--json", *at_site(place, "migrate"), code=7).json()
    result = document["results"][0]
    equal((result["result"], document["error"]["kind"]), ("undone", "undone"))
    contains(result["error"]["message"], "books", "0004_bad.sql", "line 3", "nowhere")
    equal([p["state"] for p in result["patches"]], ["pending", "failed"])
    same_text(content(place), before)
    equal((place.site(site_of(place)) / "site_config.json").read_bytes(), config_before)
    check_live(place)
    human = place.bench(*at_site(place, "migrate"), code=7)
    contains(human.out, "FAILED and undone: the site is as it was", "  undone\n", "  FAILED\n")
    contains(human.err, f"hint: mend that, then bench --site {site_of(place)} migrate")
    place.make_app("books", {"0004_bad.sql": "ALTER TABLE book ADD COLUMN pages INTEGER;\n"})
    place.bench(*at_site(place, "migrate"))
    assert "more" in tables(place)


def stay_half_done(place, *options):
    """A migrate of two patches whose second fails, and which is not undone."""
    make_migrated_site(place)
    place.make_app("books", {**MORE, **BAD})
    document = place.bench("--json", *at_site(place, "migrate", *options), code=8).json()
    equal(document["results"][0]["result"], "needs-attention")
    equal(config(place)["maintenance_mode"], 1)
    equal(titles(place), ["Emma"])
    assert not can_write(place)
    return document["error"]


def mend(place):
    place.make_app("books", {"0004_bad.sql": "ALTER TABLE book ADD COLUMN pages INTEGER;\n\nINSERT INTO more VALUES (2);\n"})


def check_mended(place):
    equal(place.server.as_admin("SELECT id FROM more ORDER BY id", config(place)["db_name"]), [("1",), ("2",)])
    app(place, "SELECT pages FROM book")
    check_live(place)
    place.bench(*at_site(place, "migrate", "--check"))


def test_without_a_backup_it_stays_fenced_and_is_resumed(place):
    error = stay_half_done(place, "--backup", "none")
    contains(error["message"], "because no backup was taken before it")
    contains(error["hint"], f"bench --site {site_of(place)} recover --resume")
    # Neither recover nor another migrate lifts what waits for a person.
    place.bench(*at_site(place, "recover", "--restore", "--yes"), code=6)
    place.bench(*at_site(place, "recover", "--mark-applied"), code=2)
    # Nor does resuming what is not mended yet.
    place.bench(*at_site(place, "recover", "--resume"), code=8)
    assert not can_write(place)
    mend(place)
    run = place.bench(*at_site(place, "recover", "--resume"))
    contains(run.out, "migrated, 1 patch applied")
    check_mended(place)


def test_a_failure_that_is_to_be_kept_can_be_restored(place):
    make_site(place, patches=BOOKS)
    place.bench(*at_site(place, "migrate", "--backup", "none"))
    before = content(place)
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate", "--on-failure", "keep"), code=8)
    contains(run.err, "--on-failure keep", "the state before is in ")
    assert not can_write(place) and "more" in tables(place)
    contains(place.bench(*at_site(place, "recover", "--restore"), code=2).err, "--yes")
    assert not can_write(place) and "more" in tables(place)
    place.bench(*at_site(place, "recover", "--restore", "--yes"))
    same_text(content(place), before)
    check_live(place)
    place.bench(*at_site(place, "recover", "--restore", "--yes"), code=2)


def test_another_migrate_does_not_touch_what_waits_for_a_person(place):
    stay_half_done(place, "--backup", "none")
    mend(place)
    for command in (["migrate"], ["migrate", "--backup", "none"], ["recover"]):
        place.bench(*at_site(place, *command), code=8)
        equal(config(place)["maintenance_mode"], 1)
        assert not can_write(place)
    place.bench(*at_site(place, "recover", "--resume"))
    check_mended(place)


def kill_behind_the_first_patch(place, *options):
    """A migrate that is half done, and waits for a person."""
    child = place.start(*at_site(place, "migrate", "--backup", "none", *options), env={"BENCH_PAUSE_AT": "migrate.patch-applied"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    place.server.wait_for_sessions_to_end()
    place.bench(*at_site(place, "recover"), code=8)


def test_a_resumed_run_still_skips_what_fails(place):
    make_migrated_site(place)
    place.make_app("books", {**MORE, **BAD, "0005_later.sql": "CREATE TABLE later (id INTEGER);\n"})
    kill_behind_the_first_patch(place, "--skip-failing")
    result = place.result(*at_site(place, "recover", "--resume"))
    equal([p["state"] for p in result["patches"]], ["skipped", "applied"])
    assert "later" in tables(place)
    check_live(place)


def seconds_in_a_lock(place):
    """How long the ALTER has waited in one go."""
    name = config(place)["db_name"]
    rows = place.server.as_admin(place.server.variant(
        f"SELECT time FROM information_schema.processlist WHERE db = '{name}' AND info LIKE 'ALTER TABLE book%'",
        f"SELECT extract(epoch FROM now() - query_start)::int FROM pg_stat_activity WHERE datname = '{name}' AND wait_event_type = 'Lock' "
        "AND query LIKE 'ALTER TABLE book%'"))
    return max((int(seconds) for (seconds,) in rows), default=0)


def test_a_resumed_run_keeps_its_lock_timeout(place):
    make_migrated_site(place)
    place.make_app("books", {**MORE, "0004_pages.sql": "ALTER TABLE book ADD COLUMN pages INTEGER;\n"})
    kill_behind_the_first_patch(place, "--lock-timeout", "40s")
    session = place.server.session(admin_of=config(place)["db_name"])
    session.run("BEGIN; SELECT count(*) FROM book")
    child = place.start(*at_site(place, "recover", "--resume"))
    wait_for(lambda: seconds_in_a_lock(place) >= 5, "the ALTER to wait for longer than it would without the option")
    session.run("COMMIT")
    equal(place.finish(child).code, 0)
    check_live(place)


def test_a_resumed_run_is_all_or_nothing_still(place):
    """The answer to its COMMIT was lost, so that nobody knew whether anything of it was in the database."""
    make_migrated_site(place)
    place.make_app("books", MORE)
    if place.server.kind == "mariadb":
        # It commits each change of the schema by itself, so there is nothing to resume.
        contains(place.bench(*at_site(place, "migrate", "--all-or-nothing"), code=2).err, "--all-or-nothing")
        return
    child = place.start(*at_site(place, "migrate", "--backup", "none", "--all-or-nothing"), env={"BENCH_PAUSE_AT": "migrate.before-commit"})
    os.waitpid(child.pid, os.WUNTRACED)
    name = config(place)["db_name"]
    place.server.as_admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()")
    os.kill(child.pid, signal.SIGCONT)
    equal(place.finish(child).code, 8)
    assert "more" not in tables(place)
    # Its one patch as two statements, of which the second fails: the first must not stay for itself.
    place.make_app("books", {"0003_more.sql": "CREATE TABLE more (id INTEGER PRIMARY KEY);\nCREATE INDEX CONCURRENTLY more_id ON more (id);\n"})
    contains(place.bench(*at_site(place, "recover", "--resume"), code=2).err, "cannot be part of one transaction")
    assert "more" not in tables(place)
    place.make_app("books", MORE)
    place.bench(*at_site(place, "recover", "--resume"))
    check_live(place)


def test_skip_failing(place):
    make_migrated_site(place)
    place.make_app("books", {**BAD, "0005_later.sql": "CREATE TABLE later (id INTEGER);\n"})
    result = place.result(*at_site(place, "migrate", "--skip-failing"))
    equal([p["state"] for p in result["patches"]], ["skipped", "applied"])
    assert "later" in tables(place)
    check_live(place)


def test_all_or_nothing(place):
    make_migrated_site(place)
    before = content(place)
    place.make_app("books", {**MORE, **BAD})
    command = at_site(place, "migrate", "--all-or-nothing", "--backup", "none")
    if place.server.kind == "mariadb":
        run = place.bench(*command, code=2)
        contains(run.err, "--all-or-nothing")
        check_live(place)
        return
    result = place.bench("--json", *command, code=7).json()["results"][0]
    equal([p["state"] for p in result["patches"]], ["pending", "failed"])
    same_text(content(place), before)
    mend(place)
    place.bench(*command)
    check_mended(place)


def test_maintenance_mode_is_enforced(place):
    make_migrated_site(place)
    before = content(place)
    session = place.server.session(config(place))
    session.run("SELECT 1")
    result = place.result(*at_site(place, "set-maintenance-mode", "on"))
    equal((result["mode"], result["fence"]), ("read-only", "database"))
    equal(titles(place), ["Emma"])
    assert not can_write(place)
    # A connection that was there before has no rights left either.
    try:
        session.run("INSERT INTO book (id, title) VALUES (7, 'x')")
        raise AssertionError("a session of before the window wrote")
    except Refused:
        pass
    contains(place.bench(*at_site(place, "maintenance-status"), code=3).out, "READ-ONLY")
    place.make_app("books", MORE)
    place.bench(*at_site(place, "migrate"))
    assert not can_write(place), "a migrate inside the operator's window ended it"
    equal(config(place)["maintenance_mode"], 1)
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    check_live(place)
    assert before != content(place) and titles(place) == ["Emma"]


def test_maintenance_mode_leaves_nothing(place):
    make_migrated_site(place)
    before, config_before = content(place), config(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    same_text(content(place), before)
    equal(config(place), config_before)


WRITER = {
    "mariadb": """mariadb --no-defaults -S "$1" -u "$FRAPPE_DB_USER" "$2" -e "INSERT INTO book (id, title) VALUES (50, 'foreign')" """,
    "postgres": """PGPASSWORD="$FRAPPE_DB_PASSWORD" psql -X -h "$1" -U "$FRAPPE_DB_USER" "$2" -c "INSERT INTO book (id, title) VALUES (50, 'foreign')" """,
}


def test_run_in_maintenance(place):
    make_migrated_site(place)
    before = content(place)
    words = ["sh", place.server.socket, config(place)["db_name"]]
    script = WRITER[place.server.kind]
    failing = ["run-in-maintenance", "--", "sh", "-c", script + "&& exit 3", *words]
    document = place.bench("--json", *at_site(place, *failing), code=7).json()
    equal(document["results"][0]["result"], "undone")
    same_text(content(place), before)
    check_live(place)
    place.bench(*at_site(place, *failing[:1], "--backup", "none", *failing[1:]), code=8)
    assert not can_write(place)
    equal(titles(place), ["Emma", "foreign"])
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    app(place, "DELETE FROM book WHERE id = 50")
    place.bench(*at_site(place, "run-in-maintenance", "--", "sh", "-c", script, *words))
    equal(titles(place), ["Emma", "foreign"])
    check_live(place)


def hold_as_another_host(place, session):
    """What a bench on the host `elsewhere` does: the lock on its connection, and how it says who it is."""
    name = config(place)["db_name"]
    note = f"JSON_OBJECT('session', CONNECTION_ID(), 'host', 'elsewhere', 'pid', 4711, 'since', '2026-11-21')"
    session.run(place.server.variant(
        f"DO GET_LOCK('bench.{name}', 0); REPLACE INTO __bench_state (state_key, state_value) VALUES ('lock_holder', {note})",
        "SET application_name = 'bench elsewhere:4711'; SELECT pg_advisory_lock(7090215364172047211)"))


def test_another_host_holds_the_database(place):
    make_migrated_site(place)
    place.make_app("books", MORE)
    session = place.server.session(admin_of=config(place)["db_name"])
    hold_as_another_host(place, session)
    for command in (["migrate"], ["restore", "--yes", backup_of(place)], ["set-maintenance-mode", "on"]):
        run = place.bench(*at_site(place, *command), code=5)
        contains(run.err, "held by host elsewhere, pid 4711, since ", "hint: wait until it is done, or give --wait")
        check_live(place)
    child = place.start(*at_site(place, "migrate", "--wait", "60s"))
    wait_for(lambda: b"waiting for host elsewhere" in os.read(child.stderr.fileno(), 65536), "the word that it waits")
    session.close()
    equal(place.finish(child).code, 0)
    check_live(place)


def processes_below(pid):
    """The process and all that it has started, as far as they are there."""
    found = [pid]
    for path in (entry for entry in os.listdir("/proc") if entry.isdigit()):
        try:
            with open(f"/proc/{path}/stat") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found += processes_below(int(path))
    return found


def test_no_child_shows_a_password(place):
    make_migrated_site(place)
    secret_file = place.folder / "secret"
    secret_file.write_text("the-admin-password\n")
    place.server.as_admin(place.server.variant(
        f"GRANT ALL ON *.* TO '{place.server.name('root')}'@'localhost' IDENTIFIED BY 'the-admin-password' WITH GRANT OPTION",
        f"CREATE ROLE {place.server.name('root')} SUPERUSER LOGIN PASSWORD 'the-admin-password'"))
    rows = "INSERT INTO book (id, title) " + place.server.variant(
        "SELECT seq + 10, REPEAT('x', 70) FROM seq_1_to_200000", "SELECT n + 10, repeat('x', 70) FROM generate_series(1, 200000) n")
    place.server.as_admin(rows, config(place)["db_name"])
    secrets = [config(place)["db_password"].encode(), b"the-admin-password"]
    for command in (["backup"], ["restore", "--yes"]):
        if command[0] == "restore":
            command.append(next((place.site(site_of(place)) / "private/backups").glob("*-manifest.json")).name.removesuffix("-manifest.json"))
        child = place.start(*at_site(place, *command), "--db-root-username", place.server.name("root"), "--db-root-password-file",
                            str(secret_file), env=NOBODY)
        seen = set()
        while child.poll() is None:
            for pid in processes_below(child.pid):
                try:
                    text = open(f"/proc/{pid}/cmdline", "rb").read() + open(f"/proc/{pid}/environ", "rb").read()
                except OSError:
                    continue
                seen.add(text.split(b"\0")[0])
                for secret in secrets:
                    assert secret not in text, text
        equal(place.finish(child).code, 0)
        assert len(seen) > 1 or place.server.kind == "mariadb", f"no child was seen: {seen}"


def test_an_adopted_database(place):
    """The app's account owns everything, and nobody knows an administrator."""
    if place.server.kind == "postgres":
        return check_adopted(place)
    # Whoever starts the shared server is its administrator without a password.
    with OwnServer("mariadb", place.folder / "server") as place.server:
        place.server.set_admin_password("unknown")
        check_adopted(place)


def adopt(place):
    password = place.folder / "password"
    password.write_text(place.server.admin_password)
    make_site(place, "--db-root-username", place.server.admin, "--db-root-password-file", str(password), env=NOBODY)
    name = config(place)["db_name"]
    if place.server.kind == "postgres":
        place.server.as_admin(f'ALTER DATABASE "{name}" OWNER TO "{name}"; REASSIGN OWNED BY "{name}_owner" TO "{name}"; '
                              f'ALTER SCHEMA public OWNER TO "{name}"; DROP OWNED BY "{name}_owner"; DROP ROLE "{name}_owner"', name)


def check_adopted(place):
    adopt(place)
    run = place.bench(*at_site(place, "migrate"), env=NOBODY)
    contains(run.out, "NOT ENFORCED: the app was only asked not to write")
    contains(run.err, "NOT ENFORCED")
    manifest = place.result(*at_site(place, "backup", "--with-files"), env=NOBODY)["manifest"]
    place.bench(*at_site(place, "verify-backup", manifest), env=NOBODY)
    equal(place.result(*at_site(place, "set-maintenance-mode", "on"), env=NOBODY)["fence"], "not-enforced")
    place.bench(*at_site(place, "set-maintenance-mode", "off"), env=NOBODY)
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate"), env=NOBODY, code=8)
    contains(run.err, "because what the app wrote meanwhile may have been acknowledged", "recover --resume")
    equal(config(place)["maintenance_mode"], 1)
    assert "more" in app_tables(place) and can_write(place)
    mend(place)
    place.bench(*at_site(place, "recover", "--resume"), env=NOBODY)
    equal(app(place, "SELECT id FROM more ORDER BY id"), [("1",), ("2",)])
    assert "maintenance_mode" not in config(place)
    # What takes another database says what it lacks, and does nothing.
    for command in (["restore", "--yes", manifest], ["verify-backup", manifest, "--drill"], ["drop-site", "--yes"]):
        run = place.bench(*at_site(place, *command), env=NOBODY, code=[7, 9, 10])
        contains(run.err, "hint: ")
        assert "maintenance_mode" not in config(place)
        equal(app(place, "SELECT id FROM more ORDER BY id"), [("1",), ("2",)])


def app_tables(place):
    schema = place.server.variant("DATABASE()", "'public'")
    return [name for (name,) in app(place, f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}")]


def test_recover_while_the_server_is_away(place):
    """As at boot, after a power cut: nothing is decided until the server answers."""
    make_migrated_site(place)
    before = content(place)
    place.make_app("books", MORE)
    child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "migrate.patch-applied"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    place.bench(*at_site(place, "set-config", "db_socket", "/nonexistent/socket"))
    for command in (["recover"], ["migrate"], ["set-maintenance-mode", "off"]):
        contains(place.bench(*at_site(place, *command), code=10).err, "/nonexistent/socket")
        equal(config(place)["maintenance_mode"], 1)
    place.bench(*at_site(place, "set-config", "db_socket", place.server.socket))
    contains(place.bench(*at_site(place, "recover")).out, "the backup taken before it was restored")
    same_text(content(place), before)
    check_live(place)


def test_ctrl_c_in_a_statement(place):
    make_migrated_site(place)
    before = content(place)
    place.make_app("books", {**MORE, "0004_slow.sql": place.server.variant("SELECT SLEEP(60);\n", "SELECT pg_sleep(60);\n")})
    for options, code in ([], 130), (["--backup", "none"], 8):
        child = place.start(*at_site(place, "migrate", *options))
        wait_for(lambda: is_asleep(place), "the slow statement")
        os.kill(child.pid, signal.SIGINT)
        run = place.finish(child, timeout=30)
        equal(run.code, code)
        contains(run.err, "interrupted: stopping at the next safe point")
        if code == 130:
            same_text(content(place), before)
            check_live(place)
    assert not can_write(place)
    place.make_app("books", {"0004_slow.sql": "SELECT 1;\n"})
    place.bench(*at_site(place, "recover", "--resume"))
    assert "more" in tables(place)
    check_live(place)


def is_asleep(place, seconds=60):
    name = config(place)["db_name"]
    return place.server.as_admin(place.server.variant(
        f"SELECT 1 FROM information_schema.processlist WHERE db = '{name}' AND info LIKE 'SELECT SLEEP({seconds})%'",
        f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'SELECT pg_sleep({seconds})%' AND state = 'active'"))


def test_a_connection_that_is_lost_inside_a_statement(place):
    """The server goes on with the statement, and the session keeps the site's lock that long."""
    make_migrated_site(place)
    before = content(place)
    place.make_app("books", {**MORE, "0004_slow.sql": place.server.variant("SELECT SLEEP(5);\n", "SELECT pg_sleep(5);\n")})
    with Relay(place.server) as relay:
        place.bench(*at_site(place, "set-config", "db_socket", relay.socket))
        child = place.start(*at_site(place, "migrate"))
        wait_for(lambda: is_asleep(place, 5), "the slow statement")
        relay.lose_connections()
        run = place.finish(child)
        equal(run.code, 7)
        contains(run.err.lower(), place.server.variant("lost connection", "the connection was lost: server closed the connection"),
                 f"hint: when the database answers: bench --site {site_of(place)} migrate")
        lacks(run.err, "client encoding")
        place.bench(*at_site(place, "set-config", "db_socket", place.server.socket))
    same_text(content(place), before)
    check_live(place)


def test_a_commit_that_is_refused_changes_nothing(place):  # on postgres alone
    """A deferred constraint: the server has rolled back, so there is nothing to take back."""
    make_migrated_site(place)
    place.make_app("books", {"0003_kept.sql": "CREATE TABLE shelf (id INTEGER PRIMARY KEY);\n"
                             "CREATE TABLE place (shelf INTEGER REFERENCES shelf DEFERRABLE INITIALLY DEFERRED);\n"
                             "INSERT INTO place VALUES (1);\n"})
    result = place.bench("--json", *at_site(place, "migrate", "--backup", "none"), code=7).json()["results"][0]
    equal(result["result"], "undone")
    check_live(place)


def test_ended_writers_are_counted(place):
    make_migrated_site(place)
    writer = place.server.session(config(place))
    writer.run("BEGIN")
    writer.run("INSERT INTO book (id, title) VALUES (50, 'x')")
    result = place.result(*at_site(place, "set-maintenance-mode", "on", "--end-writers", "--drain-timeout", "200ms"))
    equal(result["ended_sessions"], 1)
    writer.close()
    place.bench(*at_site(place, "set-maintenance-mode", "off"))


def test_a_server_that_speaks_another_language(place):  # on mariadb alone
    with OwnServer("mariadb", place.folder / "server") as place.server:
        make_migrated_site(place)
        place.server.as_admin("SET GLOBAL lc_messages = 'de_DE'")
        try:
            app(place, "SELECT * FROM nowhere")
        except Refused as refused:
            if "existiert nicht" not in str(refused):
                raise Skipped("the server has its messages in English only") from None
        equal(place.result(*at_site(place, "set-maintenance-mode", "on"))["fence"], "database")
        place.bench(*at_site(place, "set-maintenance-mode", "off"))
        place.server.as_admin("SET GLOBAL lc_messages = 'en_US'")
        check_live(place)
