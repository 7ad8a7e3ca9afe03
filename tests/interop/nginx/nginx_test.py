"""The nginx configuration of packaging/nginx, run by Debian's nginx before `bench serve`: TLS, forms, events, what a
client claims about itself."""

import http.client
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "cli"), str(TESTS / "support")]

from servers import free_port
from support import Place, contains, equal, wait_for
from web import field_value, serve

CONFIGURATION = TESTS.parent / "packaging" / "nginx" / "bench.conf"
NGINX = Path(os.environ["NGINX_PACKAGE"]) / "usr" / "sbin" / "nginx"


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Proxy:
    """nginx in a folder of its own, with the shipped configuration but for ports and names."""

    def __init__(self, place, port):
        folder = place.folder / "nginx"
        self.folder, self.plain, self.tls = folder, free_port(), free_port()
        folder.mkdir()
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=develop", "-addext",
                        "subjectAltName=DNS:develop", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        text = CONFIGURATION.read_text()
        for pattern, value in ((r"127\.0\.0\.1:8000", f"127.0.0.1:{port}"), (r"listen 80;", f"listen 127.0.0.1:{self.plain};"),
                               (r"listen 443 ", f"listen 127.0.0.1:{self.tls} "), (r"(?<=ssl_certificate ).*(?=;)", str(certificate)),
                               (r"(?<=ssl_certificate_key ).*(?=;)", str(key)), (r"shop\.example", "develop")):
            text, count = re.subn(pattern, value, text)
            assert count, f"{pattern} is not in {CONFIGURATION}"
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
                                           f"http {{ access_log off;\n{temporary}{text}}}\n")
        self.child = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
                                      start_new_session=True)
        place.children.append(self.child)
        self.trust = ssl.create_default_context(cafile=str(certificate))
        wait_for(lambda: accepts(self.tls) or self.child.poll() is not None, "nginx listens")
        assert self.child.poll() is None, (folder / "error.log").read_text()

    def stop(self):
        self.child.terminate()
        self.child.wait(timeout=20)

    def connect(self):
        """To the site by its name, which this machine need not know."""
        connection = http.client.HTTPSConnection("develop", self.tls, timeout=20, context=self.trust)
        connection._create_connection = lambda address, *rest: socket.create_connection(("127.0.0.1", self.tls), *rest)
        return connection

    def ask(self, method, path, body=None, **headers):
        connection = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.text = response.read().decode()
        connection.close()
        return response


def check_plain_http_leads_to_tls(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=20)
    connection.request("GET", "/app?x=1", headers={"Host": "develop"})
    response = connection.getresponse()
    equal((response.status, response.headers["Location"]), (301, "https://develop/app?x=1"))
    connection.close()


def check_forms(proxy):
    origin = f"https://develop:{proxy.tls}"
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": origin}
    answer = proxy.ask("POST", "/login", urllib.parse.urlencode({"usr": "Administrator", "pwd": "correct horse"}), **form)
    equal(answer.status, 303)
    contains(answer.headers["Set-Cookie"], "; Secure", "HttpOnly")
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    page = proxy.ask("GET", "/app/Author?new", Cookie=cookie)
    equal(page.status, 200)
    fields = {name: field_value(page.text, name) for name in ("csrf_token", "_release")}
    saved = proxy.ask("POST", "/app/Author", urllib.parse.urlencode({**fields, "name": "Austen"}), Cookie=cookie, **form)
    equal((saved.status, saved.headers["Location"]), (303, "/app/Author/Austen?saved"))
    foreign = proxy.ask("POST", "/app/Author", urllib.parse.urlencode({**fields, "name": "Other"}), Cookie=cookie,
                        **{**form, "Origin": "https://evil.example"})
    equal(foreign.status, 403)
    equal(proxy.ask("POST", "/login", b"x" * 25_000_001).status, 413)


def check_what_a_client_claims(proxy, place):
    # The other site is closed: its answer could be told apart.
    place.bench("--site", "second", "set-maintenance-mode", "on")
    contains(proxy.ask("GET", "/api/health", X_Frappe_Site_Name="second").text, '"mode":"live"')


def check_events_pass(proxy, place):
    connection = proxy.connect()
    connection.request("GET", "/api/events", headers={"Accept-Encoding": "gzip"})
    stream = connection.getresponse()
    equal(stream.status, 200)
    read_until(stream, b'"mode":"live"')
    place.bench("--site", "develop", "set-maintenance-mode", "on")
    read_until(stream, b'"mode":"read-only"')
    connection.close()


def read_until(stream, told):
    end = time.monotonic() + 15
    while told not in stream.readline():
        assert time.monotonic() < end, f"{told} was not told"


def run(place):
    place.bench("init", str(place.path))
    place.make_app("books", {"0001_authors.sql": 'CREATE TABLE "tabAuthor" (name TEXT PRIMARY KEY);\n'})
    place.bench("new-site", "develop", "--install-app", "books", "--admin-password", "correct horse")
    place.bench("--site", "develop", "set-config", "allow_reads_during_maintenance", "1")
    place.bench("--site", "develop", "migrate")
    place.bench("new-site", "second")
    _, port = serve(place)
    proxy = Proxy(place, port)
    try:
        check_plain_http_leads_to_tls(proxy)
        check_forms(proxy)
        check_what_a_client_claims(proxy, place)
        check_events_pass(proxy, place)
    finally:
        proxy.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
        place = Place(Path(os.environ["BENCH"]), Path(folder).resolve())
        try:
            run(place)
        except Exception:
            traceback.print_exc()
            for one in place.runs:
                print(one, file=sys.stderr)
            return 1
        finally:
            place.end_what_is_left()
    return 0


sys.exit(main())
