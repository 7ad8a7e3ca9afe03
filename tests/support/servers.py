"""The database servers of the fixture `servers`, as an administrator and as a site's app see them: through their own clients."""

import os
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

KINDS = ("mariadb", "postgres")
SKIPPED = 77


def postgres_program(name):
    """Of the newest version: Debian's program in PATH takes longer to choose one than that takes to run."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return str(max(versions, key=lambda path: float(path.parts[4]), default=name))


class Refused(Exception):
    """What the server said."""


class Lost(Refused):
    """The connection is gone."""


def is_lost(text):
    words = (
        "ERROR 2006",
        "ERROR 2013",
        "ERROR 1927",
        "terminating connection",
        "closed the connection",
        "connection to server was lost",
        # PostgreSQL looks at the name again after it waited for a swap, and the client may try again at once.
        "just been dropped or renamed",
    )
    return any(word in text for word in words)


class Server:
    """One of the private servers. Whatever is made for a case has its tag in its name, and `remove_all` finds it by that."""

    def __init__(self, kind, socket=None):
        self.kind, self.tag = kind, secrets.token_hex(4)
        self.socket, self.port = socket or shared_socket(kind), None
        self.admin, self.admin_password = "postgres" if kind == "postgres" else "root", ""
        self._sessions = []

    def name(self, word="site"):
        """A name for a site and its database that no other case uses."""
        return f"{word}_{self.tag}"

    def arguments(self):
        """For new-site."""
        return ["--db-type", self.kind, "--db-socket", self.socket]

    def environment(self):
        """With which bench is the server's administrator."""
        return {"BENCH_DB_ROOT_USERNAME": self.admin}

    def variant(self, mariadb, postgres):
        return mariadb if self.kind == "mariadb" else postgres

    def command(self, user, database, extra=()):
        if self.kind == "mariadb":
            return ["mariadb", "--no-defaults", "--batch", "--skip-column-names", f"--socket={self.socket}", f"--user={user}",
                    *extra, database]
        return [postgres_program("psql"), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator=\t", f"--host={self.socket}",
                f"--username={user}", *([f"--port={self.port}"] if self.port else []), *extra, f"--dbname={database}"]

    @staticmethod
    def client_environment(password):
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MYSQL_PWD": password, "PGPASSWORD": password,
                "PGAPPNAME": "app", "PGOPTIONS": "--client-min-messages=warning"}

    def run(self, sql, user, password, database):
        """Rows as tuples of text. Refused when the server refuses."""
        stop = self.variant([], ["--set=ON_ERROR_STOP=1"])
        done = subprocess.run(self.command(user, database, stop), input=sql + ";\n", env=self.client_environment(password),
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise (Lost if is_lost(done.stderr) else Refused)(done.stderr.strip())
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def as_admin(self, sql, database=None):
        return self.run(sql, self.admin, self.admin_password, database or self.variant("mysql", "postgres"))

    def as_app(self, sql, config):
        """With the account that a site's config names."""
        return self.run(sql, config.get("db_user", config["db_name"]), config["db_password"], config["db_name"])

    def session(self, config=None, admin_of=None):
        """A connection that stays: of the app, or of the administrator to a database."""
        user, password, database = ((self.admin, self.admin_password, admin_of) if config is None else
                                    (config.get("db_user", config["db_name"]), config["db_password"], config["db_name"]))
        session = Session(self, user, password, database)
        self._sessions.append(session)
        return session

    def content(self, config):
        """Schema, rows and rights of a database as text, without what bench keeps there for itself."""
        database, user = config["db_name"], config.get("db_user", config["db_name"])
        if self.kind == "mariadb":
            ignored = [f"--ignore-table={database}.{table}" for table in ("__bench_journal", "__bench_state")]
            command = ["mariadb-dump", "--no-defaults", f"--socket={self.socket}", "--user=root", "--skip-comments", "--routines",
                       "--events", "--skip-extended-insert", "--order-by-primary", *ignored, database]
            rights = self.as_admin(f"SHOW GRANTS FOR '{user}'@'localhost'")
        else:
            command = [postgres_program("pg_dump"), f"--host={self.socket}", "--username=postgres", "--exclude-table=__bench_*", database]
            rights = self.as_admin(f"SELECT rolcanlogin, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = '{user}'")
            rights += self.as_admin(f"SELECT array(SELECT unnest(datacl)::text ORDER BY 1), datconnlimit FROM pg_database WHERE datname = '{database}'")
            rights += self.as_admin(f"SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase "
                                    f"WHERE datname = '{database}'")
        done = subprocess.run(command, env=self.client_environment(""), capture_output=True, text=True, timeout=120, check=True)
        # Newer pg_dump guards its output with a random word.
        lines = [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
        # The rights on one object come in any order.
        return "\n".join(sorted(lines)) + "\n" + "\n".join("\t".join(row) for row in rights)

    def databases_and_accounts(self):
        """Those of this case, two lists; roles that nobody logs in with included."""
        found = self.as_admin(self.variant("SELECT 0, schema_name FROM information_schema.schemata UNION ALL SELECT 1, User FROM mysql.global_priv",
                                           "SELECT 0, datname FROM pg_database UNION ALL SELECT 1, rolname FROM pg_roles"))
        return [sorted(row[1] for row in found if row[0] == kind and self.tag in row[1]) for kind in ("0", "1")]

    def databases(self):
        return self.databases_and_accounts()[0]

    def accounts(self):
        return self.databases_and_accounts()[1]

    def wait_for_sessions_to_end(self):
        """Until none is left in the databases of this case."""
        users = self.variant(f"SELECT count(*) FROM information_schema.processlist WHERE db LIKE '%{self.tag}%'",
                             f"SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '%{self.tag}%'")
        deadline = time.monotonic() + 60
        while self.as_admin(users) != [("0",)]:
            assert time.monotonic() < deadline, "a session did not end"
            time.sleep(0.05)

    def remove_all(self):
        for session in self._sessions:
            session.close()
        databases, accounts = self.databases_and_accounts()
        for name in databases:
            self.as_admin(self.variant(f"DROP DATABASE `{name}`", f'DROP DATABASE "{name}" WITH (FORCE)'))
        for name in accounts:
            self.as_admin(self.variant(f"DROP USER '{name}'@'localhost'", f'DROP ROLE "{name}"'))


class Session:
    """A client that stays connected. It goes on after an error, as an app would."""

    END = "__end_of_answer__"

    def __init__(self, server, user, password, database):
        extra = server.variant(["--unbuffered", "--force", "--skip-reconnect"], [])
        self._server = server
        self._client = subprocess.Popen(server.command(user, database, extra), env=server.client_environment(password), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1)

    def send(self, sql):
        marker = self._server.variant(f"SELECT '{self.END}';", f"\\echo {self.END}")
        self._client.stdin.write(f"{sql};\n{marker}\n")
        self._client.stdin.flush()

    def receive(self):
        lines = []
        for line in self._client.stdout:
            if line.strip() == self.END:
                break
            lines.append(line.rstrip("\n"))
            # Then no answer has an end any more.
            if is_lost(line):
                raise Lost(line)
        else:
            raise Lost("\n".join(lines))
        errors = [line for line in lines if line.startswith(("ERROR", "FATAL", "psql:"))]
        if errors:
            raise Refused("\n".join(lines))
        return [tuple(line.split("\t")) for line in lines]

    def run(self, sql):
        try:
            self.send(sql)
        except BrokenPipeError:
            raise Lost("the client is gone") from None
        return self.receive()

    def close(self):
        if self._client.poll() is None:
            self._client.kill()
        self._client.wait()
        self._client.stdout.close()
        try:
            self._client.stdin.close()
        except BrokenPipeError:
            pass


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class OwnServer(Server):
    """A server that a case starts for itself, to stop or change it as it likes. With a folder of `certificates` it is
    reached through TCP and TLS by bench, through its socket by the case."""

    def __init__(self, kind, folder, certificates=None):
        self._folder, self._again = Path(folder), None
        port = free_port() if certificates else None
        self._script(kind, "start", *([str(port), certificates] if certificates else []))
        super().__init__(kind, socket_in(self._folder, kind))
        self.port = port

    def arguments(self):
        return ["--db-type", self.kind, "--db-host", "127.0.0.1", "--db-port", str(self.port)] if self.port else super().arguments()

    def environment(self):
        return {} if self.port else super().environment()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for session in self._sessions:
            session.close()
        # Until its parent has asked for its end it would seem to run.
        if self._again:
            self._again.terminate()
            self._again.wait(timeout=60)
        self._script(self.kind, "stop")

    def _script(self, kind, action, *options):
        script = Path(__file__).parent / f"{kind}_server"
        # Not to a pipe, which the server would hold open.
        path = Path(f"{self._folder}.{action}.log")
        with open(path, "w") as log:
            done = subprocess.run([script, action, self._folder, *options], timeout=120, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{kind}_server {action}: {path.read_text()}"

    def kill_and_start_again(self):
        """MariaDB: kill -9, and then the same command. What it had committed is on the disk."""
        self.start_again(self.kill())

    def kill(self):
        """Answers its command."""
        pid = int((self._folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        return command

    def start_again(self, command):
        with open(self._folder / "server.log", "a") as log:
            self._again = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        (self._folder / "pid").write_text(str(self._again.pid))

    def set_admin_password(self, password):
        self.as_admin(f"ALTER USER root@localhost IDENTIFIED BY '{password}'")
        self.admin_password = password

    def wait_until_it_answers(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                return self.as_admin("SELECT 1")
            except Refused:
                time.sleep(0.1)
        raise AssertionError("the server did not come back")


class Relay:
    """A socket that stands before a server's own, and loses its connections as a network does."""

    def __init__(self, server):
        self._folder = tempfile.TemporaryDirectory(prefix="bench-relay-")
        name = server.variant("s", ".s.PGSQL.5432")
        self._real = server.variant(server.socket, f"{server.socket}/{name}")
        self.socket = server.variant(f"{self._folder.name}/{name}", self._folder.name)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"{self._folder.name}/{name}")
        self._listening.listen()
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.lose_connections()
        self._folder.cleanup()

    def lose_connections(self):
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._ends = []

    def _accept(self):
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._real)
            self._ends += [client, server]
            for pair in (client, server), (server, client):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    @staticmethod
    def _pass_on(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def socket_in(folder, kind):
    path = folder / "socket"
    return os.readlink(path) if kind == "postgres" else path.read_text().strip()


def shared_socket(kind):
    folder = Path(os.environ.get("BENCH_TEST_SERVERS", "")) / kind
    if not os.path.lexists(folder / "socket"):
        print(f"skipped: no {kind} server in {folder}")
        raise SystemExit(SKIPPED)
    return socket_in(folder, kind)
