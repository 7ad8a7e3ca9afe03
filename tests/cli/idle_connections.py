"""bench serve while many connections rest and many listen for events: what the process holds, and that others are answered."""

import resource
import socket
import time

from serving import live, read_only, served
from support import Skipped, equal
from web import Client

RESTING, LISTENING = 1_000, 200
MOST_MEMORY = 64 * 1024 * 1024


def allow_descriptors(count):
    """The server inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count, hard)), hard))


def memory(child, field):
    """In bytes, of the process as the kernel counts it: VmRSS now, VmHWM at most."""
    with open(f"/proc/{child.pid}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))


def connect(port, path):
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: develop\r\n\r\n".encode())
    return connection


def receive_until(connection, word):
    """Answers what came; the connection's own timeout tells when nothing does."""
    told = b""
    while word not in told:
        piece = connection.recv(65536)
        assert piece, f"the connection was closed before {word!r} came: {told[-300:]!r}"
        told += piece
    return told


def is_sanitized(child):
    """Its memory says nothing then."""
    with open(f"/proc/{child.pid}/maps") as lines:
        return any("libasan" in line for line in lines)


def ask_again(connection):
    """On a connection that rested: it is still one."""
    connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: develop\r\n\r\n")
    receive_until(connection, b'"status":"ok"')


def test_a_thousand_connections_rest_and_two_hundred_listen(place):
    allow_descriptors(2 * (RESTING + LISTENING))
    client, child = served(place)
    equal(client.log_in().status, 303)
    resting, listening = [], []
    try:
        for number in range(RESTING):
            # Each had an answer before it rests: what that needed must not be held.
            connection = connect(client.port, ("/", "/login", "/api/health")[number % 3])
            receive_until(connection, b"</html>" if number % 3 < 2 else b'"status":"ok"')
            resting.append(connection)
        for _ in range(LISTENING):
            listening.append(connect(client.port, "/api/events"))
        for connection in listening:
            receive_until(connection, b'"mode":"live"')

        equal([client.get(path).status for path in ("/", "/app", "/app/Book", "/api/resource/Book", "/api/health")], [200] * 5)
        equal(client.api("POST", "/api/resource/Book", {"name": "B-1", "title": "Emma"}).status, 200)
        equal(Client(client.port).log_in().status, 303)
        read_only(place)
        for connection in listening:
            receive_until(connection, b'"mode":"read-only"')
        live(place)
        for connection in listening:
            receive_until(connection, b'"mode":"live"')
        for connection in resting:
            ask_again(connection)
        now, most = memory(child, "VmRSS"), memory(child, "VmHWM")
        print(f"{RESTING} connections rest and {LISTENING} listen: {now / 2**20:.1f} MiB, at most {most / 2**20:.1f} MiB")
        if is_sanitized(child):
            raise Skipped("a sanitizer needs memory of its own; all else was as it should be")
        assert most < MOST_MEMORY, f"the server took {most / 2**20:.1f} MiB"
    finally:
        for connection in resting + listening:
            connection.close()


def test_connections_that_rest_get_out_of_the_way_of_a_stop(place):
    client, child = served(place)
    connections = [connect(client.port, path) for path in ("/api/health", "/api/events") for _ in range(20)]
    for connection in connections:
        receive_until(connection, b"\r\n\r\n")
    began = time.monotonic()
    child.terminate()
    equal(place.finish(child).code, 0)
    assert time.monotonic() - began < 10
    for connection in connections:
        connection.close()
