"""An undo by restoring never takes away what somebody else was told is written, and gives everybody back what he might do."""

import json
import os
import re
import shutil
import signal

from server_place import BAD, MORE, app, at_site, backup_of, can_write, check_live, config, content, make_migrated_site, site_of, tables
from servers import OwnServer
from support import contains, equal, lacks, same_text


def as_admin(place, sql):
    return place.server.as_admin(sql, config(place)["db_name"])


def titles(place):
    return [title for (title,) in as_admin(place, "SELECT title FROM book ORDER BY id")]


def name_of(place, word):
    """Of an account, as SQL says it."""
    name = place.server.name(word)
    return place.server.variant(f"'{name}'@'localhost'", f'"{name}"')


def give_writing_back(place):
    as_admin(place, f"GRANT INSERT ON book TO {name_of(place, 'site')}")
    app(place, "INSERT INTO book (id, title) VALUES (7, 'acknowledged')")


def start_a_run(place):
    """It stops after its first patch."""
    make_migrated_site(place)
    place.make_app("books", {**MORE, **BAD})
    child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "migrate.patch-applied"})
    os.waitpid(child.pid, os.WUNTRACED)
    return child


def cut_off_a_run(place):
    child = start_a_run(place)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert "more" in tables(place) and not can_write(place)


def check_nothing_is_lost(place):
    equal(titles(place), ["Emma", "acknowledged"])
    assert "more" in tables(place)
    equal(config(place)["maintenance_mode"], 1)


def check_it_was_restored(place):
    told = place.bench(*at_site(place, "recover", "--restore", "--yes")).out
    equal(titles(place), ["Emma"])
    assert "more" not in tables(place)
    check_live(place)
    return told


def restore_hint(place):
    return (f"hint: look at what was written, then bench --site {site_of(place)} recover --restore, which takes it back, or mend what "
            "failed and recover --resume")


def test_recover_restores_nothing_while_the_app_may_write_again(place):
    cut_off_a_run(place)
    give_writing_back(place)
    contains(place.bench(*at_site(place, "recover"), code=8).err, "had been interrupted", "others can write now", "INSERT" if
             place.server.kind == "mariadb" else "public.book", restore_hint(place))
    for command in (["recover"], ["migrate"], ["set-maintenance-mode", "off"]):
        run = place.bench(*at_site(place, *command), code=8)
        contains(run.err, restore_hint(place))
        lacks(run.err, "interrupted")
        check_nothing_is_lost(place)
    told = check_it_was_restored(place)
    # What was given up for it can still be had.
    place.bench(*at_site(place, "--yes", "restore", re.search(r"what was there is kept: (\S+)", told)[1]))
    equal(titles(place), ["Emma", "acknowledged"])
    assert "more" in tables(place)


def test_migrate_restores_nothing_while_the_app_may_write_again(place):
    cut_off_a_run(place)
    give_writing_back(place)
    contains(place.bench(*at_site(place, "migrate"), code=8).err, "others can write now", restore_hint(place))
    check_nothing_is_lost(place)
    # Going on takes nothing away.
    place.make_app("books", {"0004_bad.sql": "CREATE TABLE good (id INTEGER PRIMARY KEY);\n"})
    run = place.bench(*at_site(place, "recover", "--resume"))
    contains(run.err, "NOT ENFORCED", "the app account")
    equal(titles(place), ["Emma", "acknowledged"])
    assert "good" in tables(place)
    check_live(place)


def test_a_resume_that_is_killed_at_once_leaves_the_site_in_a_persons_hands(place):
    cut_off_a_run(place)
    give_writing_back(place)
    place.bench(*at_site(place, "recover"), code=8)
    as_admin(place, f"REVOKE INSERT ON book FROM {name_of(place, 'site')}")
    child = place.start(*at_site(place, "recover", "--resume"), env={"BENCH_PAUSE_AT": "migrate.resumed"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    contains(place.bench(*at_site(place, "recover"), code=8).err, "a person went on with it")
    check_nothing_is_lost(place)
    check_it_was_restored(place)


def test_a_record_of_an_older_bench_does_not_tell_that_nobody_wrote(place):
    cut_off_a_run(place)
    [record] = [file for file in (place.site(site_of(place)) / "operations").glob("*.json") if '"running"' in file.read_text()]
    lines = json.loads(record.read_text())
    del lines["ways_to_write"], lines["gaps"]
    record.write_text(json.dumps(lines))
    contains(place.bench(*at_site(place, "recover"), code=8).err, "the record does not tell who", restore_hint(place))
    check_it_was_restored(place)


def test_what_stopped_half_way_before_a_restore_is_not_resumed(place):
    make_migrated_site(place)
    manifest = place.result(*at_site(place, "backup"))["manifest"]
    place.make_app("books", {**MORE, **BAD})
    place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    place.bench(*at_site(place, "restore", manifest, "--yes"))
    lift = f"hint: look at the site, then bench --site {site_of(place)} set-maintenance-mode off"
    contains(place.bench(*at_site(place, "recover"), code=8).err, lift)
    contains(place.bench(*at_site(place, "recover", "--resume"), code=2).err, "a restore has replaced", lift)
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    check_live(place)


def test_a_failing_run_is_not_undone_while_the_app_may_write_again(place):
    child = start_a_run(place)
    give_writing_back(place)
    os.kill(child.pid, signal.SIGCONT)
    # It stops once more where the patch that fails would have been applied, or ends.
    run = place.finish(child)
    equal(run.code, 8)
    contains(run.err, "others can write now", restore_hint(place))
    check_nothing_is_lost(place)
    check_it_was_restored(place)


def test_the_server_is_lost_in_an_undo_and_comes_back(place):  # on mariadb alone
    """Nothing is to be decided then: whichever command comes next undoes it."""
    with OwnServer("mariadb", place.folder / "server") as server:
        place.server = server
        server.as_admin("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        make_migrated_site(place)
        before = content(place)
        place.make_app("books", {**MORE, **BAD})
        child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "put-back.proven"})
        os.waitpid(child.pid, os.WUNTRACED)
        command = server.kill()
        os.kill(child.pid, signal.SIGCONT)
        run = place.finish(child)
        equal(run.code, 8)
        contains(run.err, "is not undone yet, because the database does not answer",
                 f"hint: when it answers again, bench --site {site_of(place)} recover, which undoes it")
        place.bench(*at_site(place, "recover"), code=10)
        server.start_again(command)
        server.wait_until_it_answers()
        contains(place.bench(*at_site(place, "recover")).out, "the backup taken before it was restored")
        same_text(content(place), before)
        check_live(place)


def make_modest_administrator(place):
    """It may fence, and make no database."""
    name = name_of(place, "modest")
    as_admin(place, f"CREATE USER {name}; GRANT PROCESS, RELOAD, CONNECTION ADMIN ON *.* TO {name}; GRANT SELECT ON mysql.* TO {name}; "
                    f"GRANT ALL ON `{config(place)['db_name']}`.* TO {name} WITH GRANT OPTION")
    return {"BENCH_DB_ROOT_USERNAME": place.server.name("modest")}


def make_modest_role(place):
    """It may fence, and make no database."""
    name, database = name_of(place, "modest"), config(place)["db_name"]
    as_admin(place, f'CREATE ROLE {name} LOGIN; GRANT pg_monitor, pg_signal_backend, "{database}_owner" TO {name}')
    return {"BENCH_DB_ROOT_USERNAME": place.server.name("modest")}


def test_who_may_make_no_database_is_told_so_beforehand(place):  # on postgres alone
    make_migrated_site(place)
    before = content(place)
    modest = make_modest_role(place)
    right = f"ALTER ROLE {name_of(place, 'modest')} CREATEDB"
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate"), env=modest, code=8)
    told, stays = run.err.split("applying 2 patches")
    contains(told, "COULD NOT BE UNDONE", right)
    contains(stays, "recover --restore")
    as_admin(place, right)
    place.bench(*at_site(place, "recover", "--restore", "--yes"), env=modest)
    same_text(content(place), before)
    lacks(place.bench(*at_site(place, "migrate"), env=modest, code=7).err, "COULD NOT BE UNDONE")
    same_text(content(place), before)
    # The restored one could not become another's either.
    database = config(place)["db_name"]
    as_admin(place, f'ALTER DATABASE "{database}" OWNER TO postgres; GRANT CONNECT ON DATABASE "{database}" TO {name_of(place, "modest")}')
    told = place.bench(*at_site(place, "run-in-maintenance"), "--", "true", env=modest).err
    contains(told, "COULD NOT BE UNDONE", f'ALTER DATABASE "{database}" OWNER TO')
    lacks(told, "CREATEDB", 'GRANT "')


def test_a_right_that_cannot_be_taken_leaves_the_site_live(place):  # on postgres alone
    make_migrated_site(place)
    modest = make_modest_role(place)
    as_admin(place, f"CREATE TABLE report (id integer); GRANT INSERT ON report TO {name_of(place, 'site')}")
    run = place.bench(*at_site(place, "set-maintenance-mode", "on"), env=modest, code=[7, 10])
    contains(run.err, "permission denied")
    assert not list((place.path / "sites" / site_of(place) / "operations").glob("*.fence.json"))
    assert "maintenance_mode" not in config(place) and can_write(place)
    place.bench(*at_site(place, "recover"), env=modest)


def test_who_may_not_undo_is_told_so_beforehand(place):  # on mariadb alone
    make_migrated_site(place)
    before = content(place)
    modest = make_modest_administrator(place)
    pattern = config(place)["db_name"].replace("_", "\\_") + "\\_bench\\_%"
    grant = f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO `{place.server.name('modest')}`@`localhost` WITH GRANT OPTION"
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate"), env=modest, code=8)
    told, stays = run.err.split("applying 2 patches")
    contains(told, "COULD NOT BE UNDONE", grant)
    contains(stays, f"hint: {grant}; then bench --site {site_of(place)} recover --restore", "recover --resume")
    contains(place.bench(*at_site(place, "recover", "--restore", "--yes"), env=modest, code=9).err, f"hint: {grant}")
    as_admin(place, grant)
    place.bench(*at_site(place, "recover", "--restore", "--yes"), env=modest)
    same_text(content(place), before)
    lacks(place.bench(*at_site(place, "migrate"), env=modest, code=7).err, "COULD NOT BE UNDONE")
    same_text(content(place), before)


def test_a_killed_run_of_who_may_not_undo_waits_for_the_right(place):  # on mariadb alone
    make_migrated_site(place)
    before = content(place)
    modest = make_modest_administrator(place)
    place.make_app("books", {**MORE, **BAD})
    child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "migrate.patch-applied", **modest})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    contains(place.bench(*at_site(place, "recover"), env=modest, code=8).err, "restoring the backup taken before it failed", "hint: GRANT ALL")
    place.bench(*at_site(place, "recover", "--restore", "--yes"))
    same_text(content(place), before)


def make_account(place, rights):
    other = name_of(place, "other")
    if place.server.kind == "mariadb":
        as_admin(place, f"CREATE USER {other}; GRANT {rights} ON `{config(place)['db_name']}`.* TO {other}")
    else:
        as_admin(place, f'CREATE ROLE {other} LOGIN; GRANT CONNECT ON DATABASE "{config(place)["db_name"]}" TO {other}; '
                        f"GRANT USAGE ON SCHEMA public TO {other}; GRANT {rights} ON book TO {other}")
    return other


def remove_account(place, other):
    as_admin(place, place.server.variant(f"DROP USER {other}", f"DROP OWNED BY {other}; DROP ROLE {other}"))


def test_what_another_account_may_have_written_is_not_undone(place):
    make_migrated_site(place)
    other = make_account(place, "SELECT, INSERT")
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate"), code=8)
    contains(run.err, "others could write when the window was entered", place.server.name("other"), restore_hint(place))
    assert not can_write(place) and "more" in tables(place)
    # That it is gone does not tell what it did.
    remove_account(place, other)
    contains(place.bench(*at_site(place, "recover"), code=8).err, restore_hint(place))
    check_it_was_restored(place)


def test_what_another_account_may_have_written_is_not_undone_by_recover(place):
    make_migrated_site(place)
    other = make_account(place, "SELECT, INSERT")
    place.make_app("books", {**MORE, **BAD})
    child = place.start(*at_site(place, "migrate"), env={"BENCH_PAUSE_AT": "migrate.patch-applied"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    remove_account(place, other)
    contains(place.bench(*at_site(place, "recover"), code=8).err, "others could write when the window was entered",
             place.server.name("other"), restore_hint(place))
    check_it_was_restored(place)


def test_accounts_that_can_change_nothing_do_not_keep_it_from_being_undone(place):
    make_migrated_site(place)
    other = make_account(place, place.server.variant("SELECT, LOCK TABLES, CREATE TEMPORARY TABLES, SHOW VIEW, EVENT, TRIGGER, EXECUTE", "SELECT"))
    if place.server.kind == "mariadb":
        # What was half written is in the backup as well.
        as_admin(place, "CREATE TABLE old (id INTEGER) ENGINE=MyISAM")
    before = content(place)
    place.make_app("books", {**MORE, **BAD})
    place.bench(*at_site(place, "migrate"), code=7)
    same_text(content(place), before)
    check_live_but_for(place, other)


def check_live_but_for(place, other):
    """Its account is not ours."""
    remove_account(place, other)
    check_live(place)


def test_functions_that_lend_rights(place):
    """On MariaDB the app cannot call them, and whoever else can is named."""
    make_migrated_site(place)
    as_admin(place, place.server.variant(
        "CREATE PROCEDURE lends() INSERT INTO book (id, title) VALUES (8, 'lent')",
        "CREATE FUNCTION lends() RETURNS void LANGUAGE sql SECURITY DEFINER AS "
        "'INSERT INTO book (id, title) VALUES (8, ''lent'')'"))
    place.make_app("books", {**MORE, **BAD})
    if place.server.kind == "mariadb":
        place.bench(*at_site(place, "migrate"), code=7)
        other = make_account(place, "SELECT, EXECUTE")
        contains(place.bench(*at_site(place, "migrate"), code=8).err, "may EXECUTE", restore_hint(place))
        remove_account(place, other)
    else:
        contains(place.bench(*at_site(place, "migrate"), code=8).err, "lends", restore_hint(place))
    check_it_was_restored(place)


def test_rights_are_what_they_were_after_an_undo(place):
    """Also those on a table that a patch made anew, or gave to others."""
    make_migrated_site(place)
    place.make_app("books", {"0003_tag.sql": "CREATE TABLE tag (id INTEGER PRIMARY KEY, word VARCHAR(9));\n"})
    place.bench(*at_site(place, "migrate", "--backup", "none"))
    other = make_account(place, "SELECT")
    if place.server.kind == "postgres":
        as_admin(place, f"GRANT SELECT ON tag TO {other}; GRANT SELECT (title) ON book TO {other} WITH GRANT OPTION; "
                        f"ALTER DEFAULT PRIVILEGES FOR ROLE {name_of(place, 'site')[:-1]}_owner\" GRANT SELECT ON SEQUENCES TO {other}")
    before = content(place)
    anew = "DROP TABLE tag;\nCREATE TABLE tag (id INTEGER PRIMARY KEY, more INTEGER);\n"
    if place.server.kind == "postgres":
        anew += f"GRANT SELECT ON tag TO PUBLIC;\nREVOKE SELECT ON book FROM {other};\nDROP TABLE book;\nCREATE TABLE book (id INTEGER);\n"
    place.make_app("books", {"0004_anew.sql": anew, "0005_bad.sql": "INSERT INTO nowhere VALUES (1);\n"})
    place.bench(*at_site(place, "migrate"), code=7)
    same_text(content(place), before)
    place.server.run("SELECT word FROM tag", place.server.name("other"), "", config(place)["db_name"])
    app(place, "INSERT INTO tag (id) VALUES (1); DELETE FROM tag")
    check_live_but_for(place, other)


def test_large_objects_are_a_gap(place):  # on postgres alone
    make_migrated_site(place)
    equal(place.result(*at_site(place, "set-maintenance-mode", "on"))["gaps"], [])
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    app(place, "SELECT lo_from_bytea(0, 'x')")
    place.make_app("books", {**MORE, **BAD})
    contains(place.bench(*at_site(place, "migrate"), code=8).err, "large objects", restore_hint(place))


def lose_the_record(place):
    make_migrated_site(place)
    before = content(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    shutil.rmtree(place.site(site_of(place)) / "operations")
    return before


def test_maintenance_off_when_record_and_rights_are_lost(place):
    before = lose_the_record(place)
    run = place.bench(*at_site(place, "set-maintenance-mode", "off"), code=8)
    contains(run.err, f"account {site_of(place)} has no right to write", "GRANT ",
             f"hint: bench --site {site_of(place)} --yes set-maintenance-mode off")
    equal(config(place)["maintenance_mode"], 1)
    assert not can_write(place)
    contains(place.bench(*at_site(place, "--yes", "set-maintenance-mode", "off")).out, "it was given the usual ones", "GRANT ")
    same_text(content(place), before)
    check_live(place)


def test_maintenance_off_when_only_the_record_is_lost(place):
    make_migrated_site(place)
    before = content(place)
    place.bench(*at_site(place, "set-config", "maintenance_mode", "1"))
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    same_text(content(place), before)
    check_live(place)


def test_what_waits_for_a_person_is_called_so(place):
    make_migrated_site(place)
    equal(place.result(*at_site(place, "ready-for-migration"))["ready"], True)
    place.make_app("books", {**MORE, **BAD})
    place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    run = place.bench("--json", *at_site(place, "ready-for-migration"), code=8)
    equal(run.json()["results"][0]["ready"], False)
    contains(run.json()["error"]["hint"], "recover --resume")
    run = place.bench(*at_site(place, "recover"), code=8)
    contains(run.err, "waits for a person's decision", "0004_bad.sql", "recover --resume")
    lacks(run.err + run.out, "interrupted")
    document = place.bench("--json", *at_site(place, "maintenance-status"), code=3).json()
    equal(document["results"][0]["fence"], "database")
    # There is no backup to go back to.
    lacks(run.err, "recover --restore")
    run = place.bench(*at_site(place, "--yes", "set-maintenance-mode", "off"))
    contains(run.out, "stopped half-way and is not done", place.server.variant("recover --resume", f"{site_of(place)} migrate goes on"))
    if place.server.kind == "mariadb":
        contains(place.bench(*at_site(place, "ready-for-migration"), code=8).err, "recover --resume")


def test_a_restore_in_a_window_that_stands_says_so(place):
    make_migrated_site(place)
    place.bench(*at_site(place, "backup"))
    [manifest] = place.site(site_of(place)).glob("private/backups/*-manifest.json")
    place.make_app("books", {**MORE, **BAD})
    place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    run = place.bench(*at_site(place, "--yes", "restore", str(manifest)))
    contains(run.out, "the site stays in maintenance", "set-maintenance-mode off")
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    check_live(place)


def test_maintenance_status_tells_what_enforces_it(place):
    make_migrated_site(place)
    place.bench(*at_site(place, "set-config", "maintenance_mode", "1"))
    run = place.bench(*at_site(place, "maintenance-status"), code=3)
    contains(run.out, "NOT ENFORCED", "no operation of bench")
    lacks(run.out, "READ-ONLY")
    place.bench(*at_site(place, "set-config", "maintenance_mode", "0"))
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    contains(place.bench(*at_site(place, "maintenance-status"), code=3).out, "READ-ONLY", "writes were refused by the database")


def test_accounts_with_rights_on_every_database(place):  # on mariadb alone
    """They concern every site of a server, so this one is the case's own."""
    with OwnServer("mariadb", place.folder / "server") as place.server:
        make_migrated_site(place)
        place.make_app("books", {**MORE, **BAD})
        as_admin(place, "CREATE USER boss@localhost; GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION; "
                        "CREATE USER dumps@localhost; GRANT SELECT, LOCK TABLES, EVENT, TRIGGER ON *.* TO dumps@localhost")
        place.bench(*at_site(place, "migrate"), code=7)
        as_admin(place, "CREATE USER etl@localhost; GRANT INSERT ON *.* TO etl@localhost")
        contains(place.bench(*at_site(place, "migrate"), code=8).err, "account `etl`@`localhost` may INSERT on every database")
        check_it_was_restored(place)
        as_admin(place, "DROP USER etl@localhost; CREATE ROLE writers; GRANT INSERT ON *.* TO writers; "
                        f"GRANT writers TO {name_of(place, 'site')}")
        contains(place.bench(*at_site(place, "migrate"), code=8).err, "NOT ENFORCED", "INSERT on every database by the role writers")
        place.bench(*at_site(place, "--yes", "set-maintenance-mode", "off"))


def history(place):
    return as_admin(place, "SELECT id, title, row_start, row_end FROM kept FOR SYSTEM_TIME ALL ORDER BY 1, 3")


def test_an_undo_keeps_the_rows_of_the_past(place):  # on mariadb alone
    make_migrated_site(place)
    app(place, "CREATE TABLE kept (id INTEGER PRIMARY KEY, title VARCHAR(9)) WITH SYSTEM VERSIONING; INSERT INTO kept VALUES (1, 'a'), (2, 'b')")
    app(place, "UPDATE kept SET title = 'c'; DELETE FROM kept WHERE id = 2")
    before = history(place)
    equal(len(before), 4)
    place.make_app("books", {**MORE, **BAD})
    lacks(place.bench(*at_site(place, "migrate"), code=7).err, "present rows")
    equal(history(place), before)
    place.make_app("books", {**MORE, "0004_bad.sql": "DROP TABLE kept;\nINSERT INTO nowhere VALUES (1);\n"})
    place.bench(*at_site(place, "migrate"), code=7)
    equal(history(place), before)
    check_live(place)


def test_what_a_backup_cannot_hold_is_not_undone(place):  # on mariadb alone
    make_migrated_site(place)
    app(place, "CREATE TABLE kept (id INTEGER PRIMARY KEY, title VARCHAR(9), since BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, "
               "till BIGINT UNSIGNED GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM VERSIONING; "
               "INSERT INTO kept (id, title) VALUES (1, 'a'); UPDATE kept SET title = 'b'")
    place.make_app("books", {**MORE, **BAD})
    run = place.bench(*at_site(place, "migrate"), code=8)
    contains(run.err, "so that no backup is restored over them unless a person says so: kept",
             "the backup does not bring back all that was there", restore_hint(place).removeprefix("hint: look at what was written, then "))
    equal(len(as_admin(place, "SELECT id FROM kept FOR SYSTEM_TIME ALL")), 2)
    assert "more" in tables(place) and not can_write(place)
    contains(check_it_was_restored(place), "the site is as it was, but for this: the backup does not bring back all that was there", "kept")
    run = place.bench(*at_site(place, "--yes", "restore", backup_of(place)))
    contains(run.out, "it holds only the present rows: kept")


def programs(place):
    return as_admin(place, "SELECT ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() UNION "
                           "SELECT TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() UNION "
                           "SELECT TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() UNION "
                           "SELECT Routine_name, CONCAT(User, Proc_priv) FROM mysql.procs_priv WHERE Db = DATABASE() ORDER BY 1, 2")


def test_an_undo_gives_programs_back_whose_rights_they_had(place):  # on mariadb alone
    make_migrated_site(place)
    other = make_account(place, "SELECT")
    as_admin(place, f"CREATE VIEW shown AS SELECT id FROM book; CREATE FUNCTION fx() RETURNS INT SQL SECURITY INVOKER RETURN 1; "
                    f"GRANT EXECUTE ON FUNCTION fx TO {other}; "
                    f"CREATE DEFINER={other} TRIGGER marks BEFORE UPDATE ON book FOR EACH ROW SET @a = 1")
    before = programs(place)
    place.make_app("books", {**MORE, "0004_bad.sql": "DROP VIEW shown;\nDROP TRIGGER marks;\nDROP FUNCTION fx;\nINSERT INTO nowhere VALUES (1);\n"})
    place.bench(*at_site(place, "migrate"), code=7)
    equal(programs(place), before)
    check_live_but_for(place, other)


def test_what_patches_make_does_not_keep_later_runs_from_being_undone(place):  # on mariadb alone
    make_migrated_site(place)
    place.make_app("books", {"0003_programs.sql": "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM book;\n"
                                                  "CREATE PROCEDURE tidied() DELETE FROM book WHERE id > 9;\n"
                                                  "CREATE TRIGGER marks BEFORE UPDATE ON book FOR EACH ROW SET @a = 1;\n"})
    lacks(place.bench(*at_site(place, "migrate")).out, "gaps")
    site = config(place)["db_name"]
    equal(as_admin(place, "SELECT DEFINER, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"), [(f"{site}@localhost", "ENABLED")])
    # Its own event neither, nor a trigger that a patch sets off.
    place.make_app("books", {"0004_event.sql": "CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM book;\n"
                                               "UPDATE book SET title = 'Persuasion';\nCALL tidied();\n",
                             "0005_bad.sql": "INSERT INTO nowhere VALUES (1);\n"})
    run = place.bench(*at_site(place, "migrate"), code=7)
    lacks(run.out, "gaps")
    equal(titles(place), ["Emma"])
    equal(as_admin(place, "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"), [("tidy",)])
    check_live(place)


def what_the_fence_took(place):
    [fence] = (place.path / "sites" / site_of(place) / "operations").glob("*.fence.json")
    equal(fence.stat().st_mode & 0o777, 0o600)
    return fence


def test_what_a_fence_took_outlives_the_folder_of_its_operation(place):
    make_migrated_site(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    assert not can_write(place)
    fence = what_the_fence_took(place)
    shutil.rmtree(fence.with_name(fence.name.removesuffix(".fence.json")), ignore_errors=True)
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    assert not fence.exists()
    check_live(place)


def test_a_damaged_list_of_what_a_fence_took_is_named(place):
    make_migrated_site(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    fence = what_the_fence_took(place)
    text = fence.read_text()
    fence.write_text(text[:-10])
    run = place.bench(*at_site(place, "set-maintenance-mode", "off"), code=9)
    contains(run.err, str(fence), "move it away", "the usual rights")
    equal(config(place)["maintenance_mode"], 1)
    fence.write_text(text)
    place.bench(*at_site(place, "set-maintenance-mode", "off"))
    check_live(place)


def test_where_what_a_fence_took_is_lost_the_account_gets_the_usual_rights(place):
    make_migrated_site(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    fence = what_the_fence_took(place)
    fence.unlink()
    told = place.bench(*at_site(place, "set-maintenance-mode", "off")).out
    contains(told, str(fence), "it was given the usual rights", "GRANT ")
    check_live(place)


def test_a_window_of_an_older_bench_is_lifted(place):
    """Its record holds what the fence took."""
    make_migrated_site(place)
    place.bench(*at_site(place, "set-maintenance-mode", "on"))
    fence = what_the_fence_took(place)
    file = fence.with_name(fence.name.replace(".fence", ""))
    record = json.loads(file.read_text())
    record["saved"]["fence"] = json.loads(fence.read_text())
    file.write_text(json.dumps(record))
    fence.unlink()
    lacks(place.bench(*at_site(place, "set-maintenance-mode", "off")).out, "usual rights")
    check_live(place)
