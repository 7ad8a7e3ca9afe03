"""Every kind of page that bench serves, opened one after the other in a real browser."""

import os
from pathlib import Path

from browser import LOOKS, Browser
from library import Library
from support import Skipped, equal


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


def send_conflict(browser, library):
    open_form(browser)
    library.place.query("UPDATE \"tabBook\" SET author = 'Somebody else' WHERE name = 'emma'")
    browser.fill("title", "Emma, revised")
    browser.press("Save")


def send_in_window(browser, library):
    """By a browser that runs no script: the form goes off, and comes back."""
    open_form(browser)
    browser.fill("title", "Typed before the window")
    library.read_only()
    browser.leaves(lambda: browser.run("HTMLFormElement.prototype.submit.call(document.querySelector('form.writes-form'))"))


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
    """By name; the order matters: people log in, the site goes into maintenance."""

    def at(path):
        return lambda: browser.open(path)

    yield "website-home", at("/")
    yield "markdown", at("/about")
    yield "login", at("/login")
    yield "login-failed", lambda: log_in_wrongly(browser)
    browser.log_in()
    yield "tables", at("/app")
    yield "list", lambda: open_list(browser)
    yield "list-sorted", at("/app/Book?sort=title&dir=desc&page=2")
    yield "list-searched", at("/app/Book?q=volume")
    yield "list-nothing-found", at("/app/Book?q=no%20such%20book")
    yield "list-empty", at("/app/Reader")
    yield "form", lambda: open_form(browser)
    yield "form-saved", lambda: save(browser)
    yield "form-new", at("/app/Book?new")
    yield "form-wrong", lambda: send_wrong_value(browser)
    yield "form-conflict", lambda: send_conflict(browser, library)
    yield "form-delete", lambda: ask_to_delete(browser)
    yield "not-found", at("/app/Book/nothing")
    yield "not-found-website", at("/nowhere")
    yield "announced", lambda: announce(browser, library)
    yield "read-only-sent", lambda: send_in_window(browser, library)
    yield "read-only-tables", at("/app")
    yield "read-only-list", lambda: open_list(browser)
    yield "read-only-form", lambda: open_form(browser)
    yield "read-only-new", at("/app/Book?new")
    yield "read-only-home", at("/")
    library.live()
    browser.log_out()
    browser.log_in("reader@example.org", "a reader's secret")
    yield "reader-list", lambda: open_list(browser)
    yield "reader-form", lambda: open_form(browser)
    library.read_only()
    yield "updating", lambda: close(browser, library)


def visit_all(place, look_at):
    """Calls `look_at` with the name of each page, when it is there in that look."""
    library = Library(place)
    with Browser(place, library.port) as browser:
        for name, go in kinds(browser, library):
            browser.look("light")
            go()
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
