"""What people do at a site in a real browser: through a migrate, in two windows, and with the keyboard alone."""

from browser import Browser, Keys
from library import Library
from support import contains, equal, lacks


def served(place):
    library = Library(place)
    return library, Browser(place, library.port)


def is_disabled(browser, name="title"):
    return not browser.one(f"[name={name}]").is_enabled()


def buttons(browser):
    return {one.text for one in browser.all("main button, main .button") if one.is_displayed()}


def test_a_form_that_is_open_while_the_site_migrates(place):
    library, browser = served(place)
    with browser:
        browser.log_in()
        browser.press("Book")
        contains(browser.text(), "45 rows", "Middlemarch")
        browser.press("emma")
        equal(buttons(browser), {"Save", "Delete"})
        browser.fill("title", "Typed before the window")
        form = browser.window()
        library.add_patch("0003_shelf.sql", 'ALTER TABLE "tabBook" ADD COLUMN shelf VARCHAR(20);\n')
        migrate = library.start_slow_migrate("--reason", "New shelves")

        browser.wait_until(lambda: browser.shown("#read-only-banner"), "the banner")
        contains(browser.text(), "This site is in read only mode, full functionality will be restored soon.", "Reason: New shelves",
                 "Nothing can be saved while the site is read only.")
        assert is_disabled(browser)
        equal((buttons(browser), browser.value("title")), (set(), "Typed before the window"))

        browser.new_window()
        browser.open("/app/Book")
        assert browser.shown("#read-only-banner")
        lacks(buttons(browser), "New")
        browser.press("Log out")
        contains(browser.text(), "Log in")
        assert browser.shown("#read-only-banner")
        browser.log_in()
        browser.open("/app/Book/emma")
        equal((is_disabled(browser), buttons(browser), browser.value("title")), (True, set(), "Emma"))

        browser.show(form)
        equal(browser.value("title"), "Typed before the window")
        library.finish_migrate(migrate)
        browser.wait_until(lambda: not browser.shown("#read-only-banner"), "the banner to go")
        lacks(browser.text(), "read only")
        equal((is_disabled(browser), browser.value("title")), (False, "Typed before the window"))
        equal(library.row("emma"), [("Emma",)])
        browser.press("Save")
        contains(browser.text(), "Saved.")
        equal(library.row("emma"), [("Typed before the window",)])


ORDER = """{% extends "website.html" %}
{% block content %}
<form method="post" action="/order">
<fieldset{% if read_only_mode %} disabled{% endif %}><legend>Order</legend><label>Book <input name="book"></label></fieldset>
<fieldset disabled data-reader><legend>Gift</legend><label>For <input name="gift"></label></fieldset>
</form>
{% endblock %}
"""


def test_what_a_page_disables_itself_stays_so(place):
    library, browser = served(place)
    (place.path / "apps/library/www/order.html").write_text(ORDER)
    with browser:
        for opened_in_window in (False, True):
            if opened_in_window:
                library.read_only()
            browser.open("/order")
            if not opened_in_window:
                equal((is_disabled(browser, "book"), is_disabled(browser, "gift")), (False, True))
                library.read_only()
            browser.wait_until(lambda: browser.shown("#read-only-banner"), "the banner")
            equal((is_disabled(browser, "book"), is_disabled(browser, "gift")), (True, True))
            library.live()
            browser.wait_until(lambda: not browser.shown("#read-only-banner"), "the banner to go")
            equal((is_disabled(browser, "book"), is_disabled(browser, "gift")), (False, True))


def test_a_page_that_cannot_listen_asks(place):
    library, browser = served(place)
    with browser:
        # As behind a proxy that lets no stream of events through.
        browser.command("Network.enable")
        browser.command("Network.setBlockedURLs", urls=["*/api/events*"])
        browser.log_in()
        browser.open("/app/Book/emma")
        browser.fill("title", "Typed before the window")
        library.read_only()
        browser.wait_until(lambda: browser.shown("#read-only-banner"), "the banner")
        equal((is_disabled(browser), browser.value("title")), (True, "Typed before the window"))
        library.live()
        browser.wait_until(lambda: not browser.shown("#read-only-banner"), "the banner to go")
        equal((is_disabled(browser), browser.value("title")), (False, "Typed before the window"))
        browser.press("Save")
        contains(browser.text(), "Saved.")
        equal(library.row("emma"), [("Typed before the window",)])
        browser.collect()
        asked = [address for address in browser.requests if "/api/" in address]
        assert any(address.endswith("/api/mode") for address in asked), asked


def test_a_form_that_is_older_than_its_app(place):
    """The page comes once more before it writes: with the new fields, and with what was typed."""
    library, browser = served(place)
    with browser:
        browser.log_in()
        browser.open("/app/Book/emma")
        browser.fill("title", "Typed before the update")
        library.add_patch("0003_shelf.sql", 'ALTER TABLE "tabBook" ADD COLUMN shelf VARCHAR(20) DEFAULT \'A7\';\n', "1.3")
        library.bench("migrate", "--backup", "none")
        browser.press("Save")
        contains(browser.text(), "The site was updated after you opened this page", "Stored now: Emma")
        equal((browser.value("title"), browser.value("shelf"), library.row("emma")), ("Typed before the update", "A7", [("Emma",)]))
        browser.press("Save")
        contains(browser.text(), "Saved.")
        equal(library.row("emma", "title, shelf"), [("Typed before the update", "A7")])


def test_a_form_in_two_windows(place):
    library, browser = served(place)
    with browser:
        browser.log_in()
        browser.open("/app/Book/emma")
        first = browser.window()
        browser.fill("title", "Mine")
        browser.new_window()
        browser.open("/app/Book/emma")
        browser.fill("author", "Theirs")
        browser.press("Save")
        browser.show(first)
        browser.press("Save")
        contains(browser.text(), "somebody changed Book emma after you opened it", "Stored now: Emma", "Stored now: Theirs")
        equal((browser.value("title"), browser.value("author")), ("Mine", "Jane Austen"))
        equal(library.row("emma", "title, author"), [("Emma", "Theirs")])
        browser.fill("author", "Theirs")
        browser.press("Save")
        equal(library.row("emma", "title, author"), [("Mine", "Theirs")])

        # Who is logged out in another window keeps what was typed, and saves it once logged in there again.
        browser.fill("title", "Mine again")
        browser.new_window()
        browser.log_out()
        browser.show(first)
        browser.one("[value=save]").click()
        browser.wait_for_text("You are logged out, and nothing was saved.")
        equal((browser.value("title"), library.row("emma")), ("Mine again", [("Mine",)]))
        browser.new_window()
        browser.log_in()
        browser.show(first)
        browser.press("Save")
        equal(library.row("emma"), [("Mine again",)])

        # A browser has six connections to a server: windows that nobody looks at must not use them up.
        for _ in range(8):
            browser.new_window()
            browser.open("/app/Book")
            contains(browser.text(), "45 rows")


def tab_to(browser, is_it, what, most=60):
    """Presses Tab until the focus is there; it must be seen at every stop."""
    for _ in range(most):
        browser.type(Keys.TAB)
        one = browser.focused()
        assert has_visible_focus(browser, one), f"the focus cannot be seen at {one.get_attribute('outerHTML')[:120]}"
        if is_it(one):
            return one
    raise AssertionError(f"Tab does not lead to {what}")


def has_visible_focus(browser, one):
    return browser.run("""
      const style = getComputedStyle(arguments[0]), box = arguments[0].getBoundingClientRect();
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 1 && box.right > 0 && box.left >= 0;
      """, one)


def says(words):
    return lambda one: one.text.strip() == words


def is_field(name):
    return lambda one: one.get_attribute("name") == name


def test_the_keyboard_alone(place):
    library, browser = served(place)
    with browser:
        browser.open("/")
        browser.type(Keys.TAB)
        equal(browser.focused().text, "Skip to content")
        tab_to(browser, says("Log in"), "the way in")
        browser.leaves(lambda: browser.type(Keys.ENTER))
        equal(browser.focused().get_attribute("name"), "usr")
        browser.type("Administrator")
        tab_to(browser, is_field("pwd"), "the password", 1)
        browser.type("correct horse")
        browser.leaves(lambda: browser.type(Keys.ENTER))
        tab_to(browser, says("Book"), "the table")
        browser.leaves(lambda: browser.type(Keys.ENTER))
        # The skip link leads past what is the same on every page.
        browser.type(Keys.TAB)
        browser.type(Keys.ENTER)
        equal(browser.run("return document.activeElement.id"), "main")
        tab_to(browser, says("emma"), "the row", 20)
        browser.leaves(lambda: browser.type(Keys.ENTER))
        tab_to(browser, is_field("title"), "the field")
        browser.type(Keys.END, ", revised")
        tab_to(browser, is_field("is_lent"), "the box")
        browser.type(Keys.SPACE)
        tab_to(browser, says("Save"), "Save")
        browser.leaves(lambda: browser.type(Keys.ENTER))
        contains(browser.text(), "Saved.")
        equal(library.row("emma", "title, is_lent"), [("Emma, revised", 0)])
