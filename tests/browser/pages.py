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


AXE_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  (result) => done(result.violations.map((one) => `${one.impact} ${one.id}: ${one.help}: ` +
    one.nodes.map((node) => node.html.slice(0, 120) + " " + node.failureSummary).join(" | "))),
  (error) => done([String(error)]));
"""


class Inspection:
    """What is wrong with the pages, each in each look; with BENCH_SCREENSHOTS=FOLDER in the environment, their pictures too."""

    def __init__(self, browser):
        self.browser, self.found = browser, []
        axe = Path(os.environ["AXE"])
        self.axe = axe.read_text() if axe.exists() else None
        self.pictures = os.environ.get("BENCH_SCREENSHOTS")

    def look_at(self, page, look):
        if self.pictures:
            self.browser.picture(Path(self.pictures) / f"{page}.{look}.png")
        if wider := overflow(self.browser):
            self.note(page, look, "is wider than the window", wider)
        if look == "phone" and (small := small_targets(self.browser)):
            self.note(page, look, "is hard to hit", small)
        if self.axe and not self.browser.run("return 'axe' in window"):
            self.browser.run(self.axe)
        if self.axe and (violations := self.browser.run_async(AXE_RUN)):
            self.note(page, look, "keeps people out", violations)

    def look_at_the_log(self):
        """Where requests went, and what the console says; that a page answers 4xx or 503 is told there as well."""
        self.browser.collect()
        # The browser's own first page is in itself.
        inside = (self.browser.origin + "/", "data:", "about:", "chrome:")
        if elsewhere := [url for url in self.browser.requests if not url.startswith(inside)]:
            self.note("all", "all", "asks somebody else", elsewhere)
        if complaints := [entry for entry in self.browser.complaints if entry["source"] != "network"]:
            self.note("all", "all", "made the browser complain", complaints)
        assert len(self.browser.requests) > 50, self.browser.requests

    def note(self, page, look, what, details):
        self.found.append(f"{page}, {look}: {what}\n    " + "\n    ".join(str(one) for one in details))


def test_all_pages_fit_are_accessible_and_ask_nobody_else(place):
    """Light, dark, and on a phone. Accessible: axe-core finds nothing, of whatever weight."""
    library = Library(place)
    with Browser(place, library.port) as browser:
        inspection = Inspection(browser)
        for page, go, words in kinds(browser, library):
            browser.look("light")
            go()
            contains(browser.text(), words)
            for look in LOOKS:
                browser.look(look)
                inspection.look_at(page, look)
        # The page of a closed site goes on by itself.
        library.live()
        browser.wait_for_text("Log out")
        inspection.look_at_the_log()
    assert not inspection.found, "\n".join(inspection.found)
    if not inspection.axe:
        raise Skipped("axe-core is not there, all else is well: tests/browser/fetch could not download it")
