"""Debian's Chromium, driven through WebDriver: its own folder, nothing but the server to talk to, ended with the case."""

import base64
import ctypes
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from support import Skipped, wait_for

try:
    from selenium import webdriver
    from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
    from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = Keys = None

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
# Less than ctest's: whoever is in time tidies up.
SECONDS = 440
PR_SET_PDEATHSIG = 1

LOOKS = {
    "light": {"width": 1280, "height": 800, "scheme": "light", "mobile": False},
    "dark": {"width": 1280, "height": 800, "scheme": "dark", "mobile": False},
    "phone": {"width": 375, "height": 812, "scheme": "light", "mobile": True},
}


class Browser:
    """One browser with one profile, at the address of a served site."""

    def __init__(self, place, port):
        if webdriver is None or not CHROMIUM.exists() or not DRIVER.exists():
            raise Skipped("python3-selenium, chromium or chromium-driver is not installed")
        self.origin = f"http://127.0.0.1:{port}"
        self.requests, self.complaints = [], []
        self._driver = None
        signal.signal(signal.SIGTERM, end_by_signal)
        signal.signal(signal.SIGALRM, end_by_signal)
        signal.alarm(SECONDS)
        self._service = start_driver(place)
        self._driver = webdriver.Remote(
            command_executor=ChromiumRemoteConnection(f"http://127.0.0.1:{port_of(self._service)}", "goog", "chrome",
                                                      ignore_proxy=True),
            options=options(place.folder / "profile"))
        self._driver.set_page_load_timeout(30)
        self._driver.set_script_timeout(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        try:
            self._driver.quit()
        finally:
            self._service.kill()
            self._service.communicate()

    # Pages

    def open(self, path):
        self._driver.get(self.origin + path)

    def path(self):
        return self._driver.current_url.removeprefix(self.origin)

    def text(self):
        return self.one("body").text

    def source(self):
        return self._driver.page_source

    def run(self, script, *arguments):
        return self._driver.execute_script(script, *arguments)

    def run_async(self, script, *arguments):
        return self._driver.execute_async_script(script, *arguments)

    def command(self, name, **parameters):
        """Of the browser's own protocol."""
        return self._driver.execute("executeCdpCommand", {"cmd": name, "params": parameters})["value"]

    def one(self, selector):
        return self._driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self._driver.find_elements(By.CSS_SELECTOR, selector)

    def shown(self, selector):
        """Whether something of that kind can be seen."""
        try:
            return any(one.is_displayed() for one in self.all(selector))
        except StaleElementReferenceException:
            return False

    def wait_until(self, condition, what):
        def holds():
            try:
                return condition()
            except WebDriverException:
                # One page goes, and another comes.
                return False

        wait_for(holds, what)

    def wait_for_text(self, text):
        self.wait_until(lambda: text in self.text(), repr(text))

    def value(self, name):
        """What stands in a field."""
        return self.one(f"[name={name}]").get_property("value")

    def fill(self, name, text):
        field = self.one(f"[name={name}]")
        field.clear()
        field.send_keys(text)

    def press(self, words):
        """Clicks the button or link that says so once it is there, and waits for the page that comes."""
        found = []

        def looks():
            found[:] = [one for one in self.all("button, a") if one.text.strip() == words and one.is_displayed()]
            return found

        try:
            # A page learns of a window, and of its end, half a second later.
            self.wait_until(looks, words)
        except AssertionError:
            raise AssertionError(f"there is no {words!r} in:\n{self.text()}") from None
        self.leaves(found[0].click)

    def log_out(self):
        self.open("/app")
        self.press("Log out")

    def leaves(self, action):
        """Does what brings another page."""
        self.run("window.is_old_page = true")
        action()
        try:
            self.wait_until(lambda: self.run("return !window.is_old_page && document.readyState === 'complete'"), "the next page")
        except AssertionError:
            raise AssertionError(f"waited in vain for the next page; this one says:\n{self.text()}") from None

    def log_in(self, user="Administrator", password="correct horse"):
        self.open("/login")
        self.fill("usr", user)
        self.fill("pwd", password)
        self.press("Log in")

    # Windows

    def window(self):
        return self._driver.current_window_handle

    def new_window(self):
        self._driver.switch_to.new_window("tab")
        return self.window()

    def show(self, window):
        self._driver.switch_to.window(window)

    # Keys

    def type(self, *keys):
        """To whatever has the focus."""
        ActionChains(self._driver).send_keys(*keys).perform()

    def focused(self):
        return self._driver.switch_to.active_element

    # Looks

    def look(self, name):
        look = LOOKS[name]
        self.command("Emulation.setDeviceMetricsOverride", width=look["width"], height=look["height"],
                     deviceScaleFactor=1, mobile=look["mobile"])
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look["scheme"]}])

    def run_scripts(self, allowed):
        """Whether pages that are opened from now on may."""
        self.command("Emulation.setScriptExecutionDisabled", value=not allowed)

    def picture(self, file):
        told = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(told["data"]))

    # What the browser noted

    def collect(self):
        """Adds to `requests` what was asked for, and to `complaints` what stands in the console; both since the last time."""
        for entry in self._driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                parameters = message["params"]
                self.requests.append(parameters.get("url") or parameters["request"]["url"])
        self.complaints += self._driver.get_log("browser")


def end_by_signal(number, _):
    raise TimeoutError(f"ended by {signal.Signals(number).name}")


def start_driver(place):
    environment = {"PATH": os.environ["PATH"], "HOME": str(place.folder), "TMPDIR": str(place.folder), "LC_ALL": "C.UTF-8"}
    libc = ctypes.CDLL(None)
    # In place.children: what ends those ends it. A case that is killed ends it as well, and it the browser.
    child = subprocess.Popen([str(DRIVER), "--port=0"], env=environment, cwd=place.folder, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                             preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
    place.children.append(child)
    return child


def port_of(service):
    """As chromedriver says it."""
    for line in service.stdout:
        if found := re.search(rb"successfully on port (\d+)", line):
            return int(found[1])
    raise AssertionError("chromedriver did not start")


def options(profile):
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = str(CHROMIUM)
    arguments = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
                 f"--user-data-dir={profile}",
                 # Without its driver it ends: the pipe is closed then, whatever became of the case.
                 "--remote-debugging-pipe",
                 # A request for anywhere else is noted, and goes nowhere.
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                 # Root cannot have one, nor can everybody in a container; and the pages are our own.
                 "--no-sandbox"]
    for argument in arguments:
        chosen.add_argument(argument)
    chosen.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    return chosen
