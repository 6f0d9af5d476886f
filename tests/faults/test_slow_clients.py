"""Clients that send half of something, nothing, too much, or do not read what they asked for.

Of 300 half-sent heads the old server had all 300 open after 40 s, and a half body after 15 s; an
upload of 600 MiB cost it 630 MB of memory.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest
from small_server import LARGE, TOKEN, Small, small_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.faults

MIB = 1 << 20
HEAD = 2.0  # seconds for a head; 10 by default
BODY = 1.0  # seconds for the next part of a body; 20 by default
LIMIT = 100 * MIB
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("slow") / "store"
    limits = {"head_seconds": HEAD, "body_seconds": BODY, "upload_limit": LIMIT}
    with small_server(folder, **limits) as server:
        yield server


@contextlib.contextmanager
def connected(server: Small, many: int, *parts: bytes) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(many):
            each = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            each.settimeout(30)
            for part in parts:
                each.sendall(part)
            found.append(each)
        yield found


def open_ones(server: Small) -> int:
    """Return how many connections the server itself has open."""
    found = psutil.Process(server.process.pid).net_connections("tcp")
    return sum(each.status in {"ESTABLISHED", "CLOSE_WAIT"} for each in found)


def answered(connection: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            data += part
    return bytes(data)


def honest(server: Small) -> float:
    """Return how long an honest client waits for its answer, from the connection on."""
    began = time.monotonic()
    assert httpx.get(f"{server.url}/health", trust_env=False, timeout=30).status_code == 200
    return time.monotonic() - began


def request(path: str, *lines: str, method: str = "POST") -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: {TOKEN}", *lines]
    return "\r\n".join([*head, "", ""]).encode()


@pytest.mark.parametrize(
    "half", [b"", b"GET /health HTTP/1.1\r\nHost: localh", b"G"], ids=["silent", "half", "letter"]
)
def test_300_half_heads_hold_up_nobody_and_are_ended(server: Small, half: bytes) -> None:
    """The issue's figures: an honest client within a second, none of the 300 open after 30."""
    began = time.monotonic()
    with connected(server, 300, *([half] if half else [])) as slow:
        assert max(honest(server) for _ in range(5)) <= 1
        for each in slow:
            told = answered(each)
            assert told.startswith(b"HTTP/1.1 408 ") if half else told == b""
        assert time.monotonic() - began < HEAD + 10
    assert open_ones(server) == 0


def test_a_head_that_drips_is_ended(server: Small) -> None:
    """A timeout between two bytes would not see it."""
    with connected(server, 1, b"GET /health HTTP/1.1\r\nX-Slow: ") as [slow]:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < HEAD + 10:
                slow.sendall(b"x")
                time.sleep(0.1)
        assert HEAD - 0.5 < time.monotonic() - began < HEAD + 5


def test_a_second_head_has_to_come_in_time_as_well(server: Small) -> None:
    """Uvicorn's timeout for idle connections ends with the first byte of the next head."""
    with connected(server, 1, request("/health", method="GET")) as [slow]:
        told = b""
        while not told.endswith(b'{"status":"ok"}'):
            told += slow.recv(65536)
        slow.sendall(b"GET /hea")
        assert answered(slow).startswith(b"HTTP/1.1 408 ")


def test_an_endless_head_is_refused(server: Small) -> None:
    with connected(server, 1) as [slow]:
        with contextlib.suppress(OSError):
            slow.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 500_000)
        assert not answered(slow).startswith(b"HTTP/1.1 2")


def test_a_request_may_take_longer_than_its_head(server: Small) -> None:
    with server.client() as client:
        assert client.get("/sleep", params={"seconds": HEAD + 1}).json() == {"done": True}
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize("path", ["/stream", "/upload", "/form"])
def test_half_a_body_is_ended(server: Small, path: str) -> None:
    kind = "Content-Type: multipart/form-data; boundary=x"
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
    head = request(path, "Content-Length: 1000", kind)
    began = time.monotonic()
    with connected(server, 50, head, part) as slow:
        assert honest(server) <= 1
        for each in slow:
            assert answered(each).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < BODY + 5 + 10
    assert open_ones(server) == 0


def test_a_client_that_does_not_read_is_ended(server: Small) -> None:
    with connected(server, 20, request("/large", method="GET")) as slow:
        until = time.monotonic() + 20
        while open_ones(server) < len(slow) and time.monotonic() < until:
            time.sleep(0.01)  # a busy server has not met all of them yet
        while open_ones(server) and time.monotonic() < until:
            time.sleep(0.1)
        assert open_ones(server) == 0
        assert all(len(answered(each)) < LARGE for each in slow)


def test_a_client_that_reads_slowly_gets_everything(server: Small) -> None:
    with connected(server, 1, request("/large", "Connection: close", method="GET")) as [slow]:
        got = len(slow.recv(1 << 10))
        for _ in range(6):
            time.sleep(0.5)
            got += len(slow.recv(4 << 20))
        assert got + len(answered(slow)) > LARGE


def test_who_has_no_request_makes_room_for_who_has_one(tmp_path: Path) -> None:
    """Without a bound the files of the process run out, and then nobody is answered."""
    with small_server(tmp_path / "store", connections=30) as server:
        with connected(server, 60, b"GET /health HTTP/1.1\r\n"):
            assert honest(server) <= 1
            assert open_ones(server) <= 31
        busy = request("/sleep?seconds=5", method="GET")
        with connected(server, 30, busy):
            time.sleep(1)  # until all of them are known to have a request
            with connected(server, 1) as [late]:
                assert answered(late).startswith(b"HTTP/1.1 503 ")


def multipart(size: int) -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    for _ in range(size // MIB):
        yield b"\0" * MIB
    yield b"\r\n--x--\r\n"


def left(server: Small) -> list[str]:
    """Return files of the server's folder, and those it holds open a while after its answer."""
    folder = server.log.with_suffix("")
    until = time.monotonic() + 10
    while True:
        found = [str(p) for p in folder.rglob("*") if p.is_file()] + server.files()
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.05)


@pytest.mark.parametrize("path", ["/upload", "/form", "/stream"])
def test_600_mib_without_a_length_are_refused_in_little_memory(server: Small, path: str) -> None:
    with server.client() as client:
        client.post("/upload", content=multipart(2 * MIB), headers=MULTIPART)
        before = server.peak()
        answer = client.post(path, content=multipart(600 * MIB), headers=MULTIPART)
    assert answer.status_code == 413
    assert answer.json()["code"] == "media_too_large"
    assert server.peak() - before <= 64 * MIB
    assert left(server) == []


def test_what_is_under_the_limit_is_taken_in_little_memory(server: Small) -> None:
    with server.client() as client:
        before = server.peak()
        answer = client.post("/upload", content=multipart(90 * MIB), headers=MULTIPART)
    assert answer.json() == {"size": 90 * MIB}
    assert server.peak() - before <= 64 * MIB
    assert left(server) == []


def test_an_announced_size_is_refused_before_it_comes(server: Small) -> None:
    head = request("/upload", "Content-Length: 629145600", "Content-Type: multipart/form-data")
    with connected(server, 1, head) as [client]:
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


FIELD = b'--x\r\nContent-Disposition: form-data; name="n%d"\r\n\r\nv\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="n%d"; filename="f"\r\n\r\nv\r\n'
LONG = b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n' + b"v" * (3 * MIB) + b"\r\n"
HEADER = b'--x\r\nContent-Disposition: form-data; name="n"\r\nX-A: ' + b"v" * (3 * MIB) + b"\r\n"
HEADERS = b'--x\r\nContent-Disposition: form-data; name="n"\r\n' + b"X-A: b\r\n" * 200_000
NAME = b'--x\r\nContent-Disposition: form-data; name="' + b"n" * (3 * MIB) + b'"\r\n\r\nv\r\n'


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (MULTIPART, b"".join(FIELD % i for i in range(5000)) + b"--x--\r\n"),
        (MULTIPART, b"".join(FILE % i for i in range(5000)) + b"--x--\r\n"),
        (MULTIPART, LONG + b"--x--\r\n"),
        (MULTIPART, HEADER + b"\r\nv\r\n--x--\r\n"),
        (MULTIPART, HEADERS + b"\r\nv\r\n--x--\r\n"),
        (MULTIPART, NAME + b"--x--\r\n"),
        (MULTIPART, b"--y\r\n" * 100_000),
        ({"content-type": "multipart/form-data"}, LONG),
        (URLENCODED, b"&".join(b"n%d=v" % i for i in range(5000))),
        (URLENCODED, b"n=" + b"v" * (3 * MIB)),
        (URLENCODED, b"n" * (3 * MIB)),
    ],
    ids=[
        *("fields", "files", "long field", "long header", "many headers", "long name"),
        *("no boundary", "none told", "urlencoded fields", "urlencoded field", "urlencoded name"),
    ],
)
def test_a_form_that_is_a_bomb_is_refused(
    server: Small, headers: dict[str, str], body: bytes
) -> None:
    with server.client() as client:
        before = server.peak()
        began = time.monotonic()
        answer = client.post("/form", content=body, headers=headers)
        assert 400 <= answer.status_code < 500, answer.text
        assert time.monotonic() - began < 10
        assert client.get("/health").status_code == 200
    assert server.peak() - before <= 64 * MIB
    assert left(server) == []


def test_what_nobody_understands_is_refused_and_the_server_goes_on(server: Small) -> None:
    for junk in (b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 9, b"\0"):
        with connected(server, 1, junk, b"\r\n\r\n") as [client]:
            assert not answered(client).startswith(b"HTTP/1.1 2")
    assert honest(server) <= 1


def test_two_lengths_smuggle_nothing(server: Small) -> None:
    body = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = request("/stream", "Content-Length: 6", "Content-Length: 5")
    with connected(server, 1, head, body) as [client]:
        assert answered(client).count(b"HTTP/1.1") == 1
