"""A MariaDB patch that is cut off in the middle: its finished statements are never run again."""

import os
import signal

from server_place import app, at_site, can_write, check_live, config, content, make_migrated_site, site_of
from servers import OwnServer
from support import contains, equal, same_text, wait_for

# Each of the first three would fail, or count twice, if it were run again.
FIRST_THREE = """CREATE TABLE first (id INTEGER PRIMARY KEY);
ALTER TABLE book ADD COLUMN second INTEGER;
INSERT INTO tally (word) VALUES ('third');
"""
TALLY = "CREATE TABLE tally (id INTEGER PRIMARY KEY AUTO_INCREMENT, word VARCHAR(20));\n"
FILLED = """CREATE TABLE big (id INTEGER PRIMARY KEY, words VARCHAR(100));
INSERT INTO big SELECT seq, REPEAT('x', 90) FROM seq_1_to_{rows};
"""
BIG = FILLED.format(rows=1_000_000)
# Where all of it is dumped and restored, too.
LESS_BIG = FILLED.format(rows=300_000)
# In seconds, for a command that restores or copies all of it on a loaded machine.
PATIENCE = 240
SLOW = "ALTER TABLE big ADD COLUMN more INTEGER, ALGORITHM=COPY;\n"
LAST = "INSERT INTO tally (word) VALUES ('last');\n"


def make_site_with(place, sql):
    make_migrated_site(place)
    place.make_app("books", {"0003_tally.sql": TALLY + sql})
    place.bench(*at_site(place, "migrate", "--backup", "none"), timeout=PATIENCE)


def words(place):
    return [word for (word,) in app(place, "SELECT word FROM tally ORDER BY id")]


def patch(place, sql):
    place.make_app("books", {"0004_half.sql": sql})


def check_all_ran_once(place):
    equal(words(place), ["third", "last"])
    app(place, "SELECT second FROM book")
    equal(app(place, "SELECT count(*) FROM first"), [("0",)])
    check_live(place)
    place.bench(*at_site(place, "migrate", "--check"))
    equal(place.server.as_admin("SELECT count(*) FROM __bench_journal", config(place)["db_name"]), [("0",)])


def test_a_patch_whose_fourth_statement_fails_is_undone(place):
    make_site_with(place, "")
    before = content(place)
    patch(place, FIRST_THREE + "ALTER TABLE nowhere ADD COLUMN fourth INTEGER;\n" + LAST)
    run = place.bench(*at_site(place, "migrate"), code=7)
    contains(run.err, "0004_half.sql: line 4", "nowhere")
    same_text(content(place), before)
    check_live(place)
    patch(place, FIRST_THREE + LAST)
    place.bench(*at_site(place, "migrate"))
    check_all_ran_once(place)


def test_a_statement_that_failed_is_not_in_doubt(place):
    make_site_with(place, "")
    steps = "INSERT INTO tally (word) VALUES ('third');\nCREATE TABLE first (id INTEGER PRIMARY KEY);\n{call}" + LAST
    patch(place, steps.format(call="CALL nowhere();\n"))
    contains(place.bench(*at_site(place, "migrate", "--on-failure", "keep"), code=8).err, "line 3", "nowhere")
    for _ in range(2):
        run = place.bench(*at_site(place, "recover", "--mark-applied"), code=2)
        contains(run.err, "no statement of it is in doubt: one that failed did not run to its end",
                 f"hint: mend what failed, then bench --site {site_of(place)} recover --resume")
        equal(words(place), ["third"])
        assert not can_write(place)
        contains(place.bench(*at_site(place, "recover", "--resume"), code=8).err, "line 3", "nowhere")
    # Nor after somebody opened the site.
    place.bench(*at_site(place, "--yes", "set-maintenance-mode", "off"))
    contains(place.bench(*at_site(place, "recover", "--mark-applied"), code=2).err, "no statement of it is in doubt")
    equal(words(place), ["third"])
    patch(place, steps.format(call="ALTER TABLE book ADD COLUMN second INTEGER;\n"))
    place.bench(*at_site(place, "recover", "--resume"))
    check_all_ran_once(place)


def test_a_patch_whose_fourth_statement_fails_is_resumed(place):
    make_site_with(place, "")
    patch(place, FIRST_THREE + "ALTER TABLE nowhere ADD COLUMN fourth INTEGER;\n" + LAST)
    run = place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    contains(run.err, "line 4", "nowhere", f"bench --site {site_of(place)} recover --resume")
    equal(words(place), ["third"])
    assert not can_write(place)
    # What was finished must be what stands there still.
    patch(place, FIRST_THREE.replace("'third'", "'another'") + LAST)
    run = place.bench(*at_site(place, "recover", "--resume"), code=8)
    contains(run.err, "line 3", "an earlier run finished another statement in this place")
    equal(words(place), ["third"])
    patch(place, FIRST_THREE + "ALTER TABLE book ADD COLUMN fourth INTEGER;\n" + LAST)
    place.bench(*at_site(place, "recover", "--resume"))
    app(place, "SELECT fourth FROM book")
    check_all_ran_once(place)


def test_a_patch_that_a_person_finished_by_hand_is_not_resumed(place):
    make_site_with(place, "")
    patch(place, FIRST_THREE + "ALTER TABLE nowhere ADD COLUMN fourth INTEGER;\n" + LAST)
    place.make_app("books", {"0005_after.sql": "CREATE TABLE after_it (id INTEGER PRIMARY KEY);\n"})
    place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    place.server.as_admin("INSERT INTO tally (word) VALUES ('last')", config(place)["db_name"])
    place.bench(*at_site(place, "mark-applied", "books", "0004_half"))
    place.bench(*at_site(place, "recover", "--resume"))
    app(place, "SELECT id FROM after_it")
    check_all_ran_once(place)


def running_alter(place):
    """The server is shared: another case's ALTER must not be taken for this one's."""
    return place.server.as_admin("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE big%' "
                                 f"AND STATE LIKE 'copy%' AND DB = '{config(place)['db_name']}'")


def start_in_the_alter(place, *options):
    patch(place, FIRST_THREE + SLOW + LAST)
    child = place.start(*at_site(place, "migrate", *options))
    wait_for(lambda: running_alter(place), "the ALTER to run")
    return child


def kill(child):
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


def more_exists(place):
    return app(place, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'big' AND column_name = 'more' "
                      f"AND table_schema = '{config(place)['db_name']}'") == [("1",)]


def test_bench_is_killed_in_an_alter_and_the_server_finishes_it(place):
    make_site_with(place, BIG)
    kill(start_in_the_alter(place, "--backup", "none"))
    assert running_alter(place), "the server stopped with its client; the case shows nothing"
    run = place.bench(*at_site(place, "recover", "--wait", f"{PATIENCE}s"), code=8, timeout=PATIENCE)
    contains(run.err, "waiting for ", "a part of its patches is in the database", f"bench --site {site_of(place)} recover --resume")
    assert more_exists(place) and not can_write(place)
    equal(words(place), ["third"])
    place.bench(*at_site(place, "recover", "--resume"), timeout=PATIENCE)
    check_all_ran_once(place)


def test_bench_is_killed_in_an_alter_and_the_run_is_undone(place):
    make_site_with(place, LESS_BIG)
    before = content(place)
    kill(start_in_the_alter(place))
    run = place.bench(*at_site(place, "migrate"), timeout=PATIENCE)
    contains(run.err, "the backup taken before it was restored")
    check_all_ran_once(place)
    assert before != content(place)


def test_a_statement_that_took_effect_is_marked(place):
    """A statement of which the schema does not tell: a person does."""
    make_site_with(place, "")
    patch(place, FIRST_THREE + "RENAME TABLE first TO other, other TO first;\n" + LAST)
    child = place.start(*at_site(place, "migrate", "--backup", "none"), env={"BENCH_PAUSE_AT": "migrate.statement-begun"})
    for _ in range(4):
        os.waitpid(child.pid, os.WUNTRACED)
        if words_so_far(place) == ["third"]:
            break
        os.kill(child.pid, signal.SIGCONT)
    kill(child)
    place.bench(*at_site(place, "recover"), code=8)
    place.bench(*at_site(place, "recover", "--mark-applied"))
    check_all_ran_once(place)


def test_a_site_whose_patches_are_gone_can_go_back(place):
    make_site_with(place, "")
    before = content(place)
    patch(place, "CREATE TABLE first (id INTEGER PRIMARY KEY);\nRENAME TABLE first TO other, other TO first;\n")
    child = place.start(*at_site(place, "migrate", "--on-failure", "keep"), env={"BENCH_PAUSE_AT": "migrate.statement-begun"})
    os.waitpid(child.pid, os.WUNTRACED)
    os.kill(child.pid, signal.SIGCONT)
    os.waitpid(child.pid, os.WUNTRACED)
    kill(child)
    (place.path / "apps" / "books").rename(place.folder / "away")
    contains(place.bench(*at_site(place, "recover"), code=8).err, "a part of its patches is in the database")
    place.bench(*at_site(place, "recover", "--restore", "--yes"))
    same_text(content(place), before)
    check_live(place)


def words_so_far(place):
    return [word for (word,) in place.server.as_admin("SELECT word FROM tally ORDER BY id", config(place)["db_name"])]


def test_the_server_is_killed_in_an_alter_and_the_run_is_undone(place):
    with OwnServer("mariadb", place.folder / "server") as server:
        place.server = server
        server.as_admin("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        make_site_with(place, LESS_BIG)
        before = content(place)
        child = start_in_the_alter(place)
        server.kill_and_start_again()
        run = place.finish(child, timeout=PATIENCE)
        server.wait_until_it_answers()
        equal(run.code, 7)
        contains(run.err, "waiting for the database server to come back")
        same_text(content(place), before)
        check_live(place)


def test_the_server_is_killed_in_an_alter_and_the_run_is_resumed(place):
    with OwnServer("mariadb", place.folder / "server") as server:
        place.server = server
        server.as_admin("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        make_site_with(place, BIG)
        child = start_in_the_alter(place, "--backup", "none")
        server.kill_and_start_again()
        run = place.finish(child, timeout=PATIENCE)
        server.wait_until_it_answers()
        equal(run.code, 8)
        contains(run.err, f"bench --site {site_of(place)} recover --resume")
        equal(words(place), ["third"])
        assert not can_write(place) and not more_exists(place)
        place.bench(*at_site(place, "recover", "--resume"), timeout=PATIENCE)
        check_all_ran_once(place)


CLOCK = """name: clock
title: Clock
version: "1"
read_only: true
"""
# Each run prints another time, and notes that it ran.
PRINTS_TIME = """#!/bin/sh
echo ran >> "$BENCH_SITE_PATH/ran"
echo "ALTER TABLE book ADD COLUMN first_{n} INTEGER;"
echo "INSERT INTO tally (word) VALUES ('$(date +%s%N)');"
echo "{third};"
"""


def clock_patch(place, third, n=1):
    app = place.path / "apps" / "clock"
    (app / "patches").mkdir(parents=True, exist_ok=True)
    (app / "app.yaml").write_text(CLOCK)
    (app / "patches.txt").write_text("clock.patches.tell\n")
    (app / "patches" / "tell").write_text(PRINTS_TIME.format(n=n, third=third))
    (app / "patches" / "tell").chmod(0o755)


def printed(place):
    """What is kept of what patches printed."""
    return [path for path in (place.site(site_of(place)) / "operations").glob("*/*") if path.name.startswith("printed-")]


def make_clock_site(place):
    make_site_with(place, "")
    clock_patch(place, "INSERT INTO later (word) VALUES ('third')")
    place.bench(*at_site(place, "install-app", "clock"))


def test_what_a_patch_printed_counts_when_it_is_resumed(place):
    make_clock_site(place)
    contains(place.bench(*at_site(place, "migrate", "--backup", "none"), code=8).err, "later")
    [kept] = printed(place)
    equal(kept.stat().st_mode & 0o777, 0o600)
    # The patch stays as it is, and what it lacked is there now.
    place.server.as_admin("CREATE TABLE later (word VARCHAR(20))", config(place)["db_name"])
    place.bench(*at_site(place, "recover"), code=8)
    place.bench(*at_site(place, "recover", "--resume"))
    equal(len(words(place)), 1)
    equal((place.site(site_of(place)) / "ran").read_text(), "ran\n")
    equal(printed(place), [])
    check_live(place)


def test_what_a_patch_printed_is_kept_when_bench_is_killed(place):
    make_clock_site(place)
    place.server.as_admin("CREATE TABLE later (word VARCHAR(20))", config(place)["db_name"])
    child = place.start(*at_site(place, "migrate", "--backup", "none"), env={"BENCH_PAUSE_AT": "migrate.statement-applied"})
    for _ in range(2):
        os.waitpid(child.pid, os.WUNTRACED)
        os.kill(child.pid, signal.SIGCONT)
    os.waitpid(child.pid, os.WUNTRACED)
    kill(child)
    place.bench(*at_site(place, "recover"), code=8)
    place.bench(*at_site(place, "recover", "--resume"))
    equal((len(words(place)), app(place, "SELECT word FROM later")), (1, [("third",)]))
    equal((place.site(site_of(place)) / "ran").read_text(), "ran\n")
    check_live(place)


def test_a_patch_of_which_nothing_was_finished_prints_anew(place):
    make_site_with(place, "")
    clock_patch(place, "DO 0")
    place.bench(*at_site(place, "install-app", "clock"))
    place.server.as_admin("ALTER TABLE book ADD COLUMN first_1 INTEGER", config(place)["db_name"])
    place.make_app("books", {"0004_ahead.sql": "CREATE TABLE ahead (id INTEGER);\n"})
    contains(place.bench(*at_site(place, "migrate", "--backup", "none"), code=8).err, "first_1")
    clock_patch(place, "DO 0", n=2)
    place.bench(*at_site(place, "recover", "--resume"))
    equal((len(words(place)), printed(place)), (1, []))
    app(place, "SELECT first_2 FROM book")
    check_live(place)


def open_half_done(place):
    """Three statements are finished, and the site was opened to its writers all the same."""
    make_site_with(place, "")
    patch(place, FIRST_THREE + "ALTER TABLE nowhere ADD COLUMN fourth INTEGER;\n" + LAST)
    place.bench(*at_site(place, "migrate", "--backup", "none"), code=8)
    place.bench(*at_site(place, "set-maintenance-mode", "off"), code=8)
    place.bench(*at_site(place, "set-maintenance-mode", "off", "--yes"))
    app(place, "INSERT INTO book (id, title) VALUES (77, 'written meanwhile')")
    patch(place, FIRST_THREE + LAST)


def test_a_site_that_was_opened_half_done_waits_for_a_decision(place):
    open_half_done(place)
    for command in (["migrate"], ["run-patch", "books.0004_half"]):
        document = place.bench("--json", *at_site(place, *command), code=8).json()
        contains(document["error"]["message"], "0004_half.sql", "statements 1 to 3 of 4", "-migrate-", "opened to writers at 20")
        equal(document["error"]["hint"], f"bench --site {site_of(place)} recover --resume")
        equal(words(place), ["third"])
        assert can_write(place), "what waits for a decision has closed the site"
    contains(place.bench(*at_site(place, "migrate", "--plan")).out, "0004_half", "WOULD BE REFUSED", "recover --resume")
    contains(place.result(*at_site(place, "migrate", "--check"), code=3)["refused_because"], "finished statements 1 to 3")
    contains(place.bench(*at_site(place, "operations")).out, "opened half done")
    place.bench(*at_site(place, "recover"))
    equal(words(place), ["third"])
    # What else has changed meanwhile stands in nobody's way, and is told afterwards.
    applied = next((place.path / "apps" / "books").rglob("0003_tally.sql"))
    applied.write_text(applied.read_text() + "-- edited\n")
    result = place.result(*at_site(place, "recover", "--resume"))
    equal(result["result"], "migrated")
    contains(place.bench(*at_site(place, "migrate"), code=9).err, "0003_tally", "--accept-drift")
    place.bench(*at_site(place, "migrate", "--accept-drift"))
    check_all_ran_once(place)
    place.bench(*at_site(place, "recover", "--resume"), code=2)


def test_a_patch_skipped_half_way_is_named_when_it_is_tried_again(place):
    make_site_with(place, "")
    patch(place, FIRST_THREE + "ALTER TABLE nowhere ADD COLUMN fourth INTEGER;\n" + LAST)
    place.bench(*at_site(place, "migrate", "--backup", "none", "--skip-failing"))
    patch(place, FIRST_THREE + LAST)
    contains(place.bench(*at_site(place, "migrate")).err, "warning: ", "0004_half.sql", "statements 1 to 3 of 4")
    check_all_ran_once(place)
