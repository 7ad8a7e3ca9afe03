"""What a person at a terminal sees: questions, colours, bars."""

from support import contains, equal, lacks


def test_drop_site_asks_for_the_name(place):
    place.make_bench("develop")
    run = place.in_terminal("drop-site", "develop", answer="develop\n")
    contains(run.out, "drop-site takes develop away.", "Type the site's name to go on: ", "dropped the site develop")
    assert not place.site().exists()


def test_another_name_changes_nothing(place):
    place.make_bench("develop")
    for answer in ("yes\n", "\n", "\x04"):
        run = place.in_terminal("drop-site", "develop", answer=answer, code=2)
        contains(run.out, "that is not the site's name; nothing was changed")
    assert place.site().exists()


def test_restore_asks_for_the_name(place):
    place.make_bench("develop")
    run = place.in_terminal("--site", "develop", "restore", "no-such-set", answer="develop\n", code=6)
    contains(run.out, "restore replaces the database of develop by no-such-set.")


def test_yes_and_no_input_do_not_ask(place):
    place.make_bench("a", "b")
    contains(place.in_terminal("drop-site", "a", "--no-input", code=2).out, "this needs --yes")
    lacks(place.in_terminal("drop-site", "a", "--yes").out, "Type the site's name")
    lacks(place.in_terminal("drop-site", "b", "--force").out, "Type the site's name")


def test_ctrl_c_at_the_question(place):
    place.make_bench("develop")
    run = place.in_terminal("drop-site", "develop", answer="\x03", code=130)
    lacks(run.out, "dropped")
    assert place.site().exists()


def test_colour_on_a_terminal_only(place):
    contains(place.in_terminal("nonsense", code=2).out, "\x1b[1;31merror:\x1b[0m")
    lacks(place.bench("nonsense", code=2).err, "\x1b")
    lacks(place.in_terminal("nonsense", env={"NO_COLOR": "1"}, code=2).out, "\x1b")
    lacks(place.in_terminal("nonsense", env={"TERM": "dumb"}, code=2).out, "\x1b")
    contains(place.in_terminal("nonsense", env={"NO_COLOR": ""}, code=2).out, "\x1b[1;31m")


def test_progress_on_a_terminal(place):
    place.make_book_site()
    run = place.in_terminal("--site", "develop", "migrate")
    contains(run.out, "\r", "\x1b[K", "applying 2 patches  (", "develop: migrated, 2 patches applied")


def test_nothing_is_said_behind_an_error(place):
    place.make_bench("develop")
    run = place.in_terminal("new-site", "other", "--install-app", "nowhere", code=9)
    lines = [line for line in run.out.replace("\r", "\n").splitlines() if line.strip("\x1b[K")]
    assert "hint:" in lines[-1], lines


def test_no_status_lines_without_colour(place):
    place.make_book_site()
    run = place.in_terminal("--site", "develop", "migrate", env={"NO_COLOR": "1"})
    lacks(run.out, "\x1b")
    lacks(run.out.replace("\r\n", "\n"), "\r")


def test_control_characters_are_shown_not_obeyed(place):
    run = place.in_terminal("non\x1b[31msense", code=2)
    lacks(run.out, "\x1b[31msense")
    contains(run.out, "non\\x1b[31msense")
    equal(place.bench("nonsense\x07", code=2).out, "")
