"""Every kind of page that bench serves, opened one after the other in a real browser."""

import os
from pathlib import Path

from browser import LOOKS, Browser
from library import Library
from support import Skipped, contains, equal


def open_list(browser):
    browser.open("/app/Book")


def open_form(browser):
    browser.open("/app/Book/emma")


def send_wrong_value(browser):
    open_form(browser)
    # The browser itself would keep this back.
    browser.run("document.querySelector('[name=pages]').type = 'text'")
    browser.fill("pages", "many")
    browser.press("Save")
    equal((browser.value("pages"), browser.focused().get_attribute("name")), ("many", "pages"))


def send_conflict(browser, library):
    open_form(browser)
    library.place.query("UPDATE \"tabBook\" SET author = 'Somebody else' WHERE name = 'emma'")
    browser.fill("title", "Emma, revised")
    browser.press("Save")


def send_in_window(browser, library):
    """Without the page's script: the form goes off, and comes back."""
    browser.run_scripts(False)
    open_form(browser)
    browser.fill("title", "Typed before the window")
    library.read_only()
    browser.one("[value=save]").click()
    browser.wait_for_text("Please try again later.")
    browser.run_scripts(True)
    equal(browser.value("title"), "Typed before the window")


def log_in_wrongly(browser):
    browser.open("/login")
    browser.fill("usr", "Administrator")
    browser.fill("pwd", "wrong")
    browser.press("Log in")


def announce(browser, library):
    library.bench("announce-maintenance", "--at", "+2h", "--for", "30m", "--reason", "A new edition of the catalogue")
    browser.open("/app")


def save(browser):
    open_form(browser)
    browser.press("Save")


def ask_to_delete(browser):
    open_form(browser)
    browser.press("Delete")


def close(browser, library):
    library.bench("set-config", "allow_reads_during_maintenance", "0")
    browser.open("/app")


def kinds(browser, library):
    """Name, way there, and what it says; the order matters: people log in, the site goes into maintenance."""

    def at(path):
        return lambda: browser.open(path)

    yield "website-home", at("/"), "This site is served by bench"
    yield "markdown", at("/about"), "Opening hours"
    yield "login", at("/login"), "Log in to develop"
    yield "login-failed", lambda: log_in_wrongly(browser), "Invalid login credentials"
    browser.log_in()
    yield "tables", at("/app"), "Publishing House"
    yield "list", lambda: open_list(browser), "Page 1 of 3"
    yield "list-sorted", at("/app/Book?sort=title&dir=desc&page=2"), "Page 2 of 3"
    yield "list-searched", at("/app/Book?q=volume"), "42 rows"
    yield "list-nothing-found", at("/app/Book?q=no%20such%20book"), "Nothing here that contains"
    yield "list-empty", at("/app/Reader"), "Nothing here yet"
    yield "form", lambda: open_form(browser), "Save"
    yield "form-saved", lambda: save(browser), "Saved."
    yield "form-new", at("/app/Book?new"), "New Book"
    yield "form-wrong", lambda: send_wrong_value(browser), "'Pages' takes a whole number"
    yield "form-conflict", lambda: send_conflict(browser, library), "Stored now: Somebody else"
    yield "form-delete", lambda: ask_to_delete(browser), "It cannot be brought back"
    yield "not-found", at("/app/Book/nothing"), "there is no Book called"
    yield "not-found-website", at("/nowhere"), "404"
    yield "announced", lambda: announce(browser, library), "Planned maintenance"
    yield "read-only-sent", lambda: send_in_window(browser, library), "What you typed stays here"
    yield "read-only-tables", at("/app"), "Read Only Mode"
    yield "read-only-list", lambda: open_list(browser), "Read Only Mode"
    yield "read-only-form", lambda: open_form(browser), "Nothing can be saved while the site is read only"
    yield "read-only-new", at("/app/Book?new"), "Nothing can be saved while the site is read only"
    yield "read-only-home", at("/"), "Read Only Mode"
    library.live()
    browser.log_out()
    browser.log_in("reader@example.org", "a reader's secret")
    yield "reader-list", lambda: open_list(browser), "may read"
    yield "reader-form", lambda: open_form(browser), "You may read this, but not change it"
    library.read_only()
    yield "updating", lambda: close(browser, library), "It will be back in a few moments"


def visit_all(place, look_at):
    """Calls `look_at` with the name of each page, when it is there in that look."""
    library = Library(place)
    with Browser(place, library.port) as browser:
        for name, go, words in kinds(browser, library):
            browser.look("light")
            go()
            contains(browser.text(), words)
            for look in LOOKS:
                browser.look(look)
                look_at(browser, f"{name}, {look}")
        browser.collect()
        return browser


def overflow(browser):
    """What is wider than the page: its width, the window's, and what sticks out."""
    return browser.run("""
      const wide = document.documentElement.scrollWidth, window_width = document.documentElement.clientWidth;
      return wide <= window_width ? null : [wide, window_width, ...[...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > window_width).map((one) => one.outerHTML.slice(0, 80))];""")


def small_targets(browser):
    """What a finger cannot hit: not 24 pixels each way (WCAG 2.5.8); links within a sentence may be as small as its letters."""
    return browser.run("""
      return [...document.querySelectorAll("a, button, input:not([type=hidden]), textarea, select")].filter((one) => {
        const box = one.getBoundingClientRect();
        const is_seen = box.width > 1 && box.right > 0 && getComputedStyle(one).visibility === "visible";
        const is_in_sentence = one.matches("p a, li:not(.tables li) a, dd a");
        return is_seen && !is_in_sentence && !one.matches("[type=checkbox]") && (box.width < 24 || box.height < 24);
      }).map((one) => one.outerHTML.slice(0, 80));""")


def test_all_pages_fit_and_ask_nobody_else(place):
    pictures = os.environ.get("BENCH_SCREENSHOTS")
    found = []

    def look_at(browser, name):
        if pictures:
            browser.picture(Path(pictures) / f"{name.replace(', ', '.')}.png")
        if wider := overflow(browser):
            found.append((name, "is wider than the window", wider))
        if name.endswith("phone") and (small := small_targets(browser)):
            found.append((name, "is hard to hit", small))

    browser = visit_all(place, look_at)
    equal(found, [])
    # The browser's own first page is in itself.
    inside = (browser.origin + "/", "data:", "about:", "chrome:")
    elsewhere = [url for url in browser.requests if not url.startswith(inside)]
    equal(elsewhere, [])
    assert len(browser.requests) > 50, browser.requests
    # That a page answers 4xx or 503 is told there as well.
    complaints = [entry for entry in browser.complaints if entry["source"] != "network"]
    equal(complaints, [])


AXE_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (result) => done(result.violations.map((one) => `${one.impact} ${one.id}: ${one.help}: ` +
    one.nodes.map((node) => node.html.slice(0, 120) + " " + node.failureSummary).join(" | "))),
  (error) => done([String(error)]));
"""


def test_all_pages_are_accessible(place):
    """axe-core finds nothing, of whatever weight."""
    axe = Path(os.environ["AXE"])
    if not axe.exists():
        raise Skipped("axe-core is not there: tests/browser/fetch could not download it")
    script = axe.read_text()
    found = {}

    def look_at(browser, name):
        if not browser.run("return 'axe' in window"):
            browser.run(script)
        if violations := browser.run_async(AXE_RUN):
            found[name] = violations

    visit_all(place, look_at)
    assert not found, "\n".join(f"{name}\n    {one}" for name, violations in found.items() for one in violations)
