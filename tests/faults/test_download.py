"""Addresses that lead inside, and servers that lie, drip, break off or say nothing.

The old system fetched all six private spellings that were tried, held a worker as long as a server
dripped, read any size into memory, and kept as whole what a broken connection had left.
"""

from __future__ import annotations

import gzip
import itertools
import random
import resource
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from answering import Answering, answering

from workbench.errors import AddressRefused, Cancelled, DownloadError, StorageFull
from workbench.storage import download as module
from workbench.storage.download import download

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

pytestmark = pytest.mark.faults

LIMIT = 1.0  # seconds a download gets; it may end up to one later
BODY = random.Random(5).randbytes(300_000)  # noqa: S311


@pytest.fixture
def urls(media: Path) -> list[str]:
    found = (media / "hostile" / "urls.txt").read_text(encoding="utf-8").splitlines()
    assert len(found) == 41
    return found


def test_none_of_41_addresses_is_connected_to(
    tmp_path: Path, urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []

    def connect(self: socket.socket, address: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    kept = []
    for url in urls:
        with pytest.raises(AddressRefused):
            download(url, tmp_path / "a")
        kept += list(tmp_path.iterdir())
    assert connected == []
    assert kept == []


def test_nor_where_somebody_listens_on_the_loopback(tmp_path: Path, urls: list[str]) -> None:
    """The same with the port of a real server, at each address this machine has."""
    with answering(None, host="::") as server:
        tried = 0
        for url in urls:
            parts = urlsplit(url)
            if not parts.netloc:
                continue
            authority = parts.netloc.removesuffix(":22")
            there = parts._replace(netloc=f"{authority}:{server.port}", scheme="http").geturl()
            with pytest.raises(AddressRefused):
                download(there, tmp_path / "a", seconds=5)
            tried += 1
        assert tried > 30
        with pytest.raises(DownloadError, match=r"after 0\.3 s"):  # it can be reached
            download(server.url(), tmp_path / "a", seconds=0.3, private=True)
        assert server.accepted == 1


def test_a_redirect_to_a_private_address_is_not_followed(tmp_path: Path) -> None:
    """Each hop is judged: the old system followed to 127.0.0.1."""
    with answering(None) as inside:

        def respond(connection: socket.socket, head: str) -> None:
            there = f"http://[::ffff:127.0.0.1]:{inside.port}/"
            connection.sendall(f"HTTP/1.1 302 F\r\nLocation: {there}\r\n\r\n".encode())

        with answering(respond) as server:
            with pytest.raises(AddressRefused):
                download(server.url(), tmp_path / "a", private=True)
            assert server.accepted == 1
        assert inside.accepted == 0


def test_a_name_that_turns_to_a_private_address_is_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was judged is what is connected to, also in the second attempt."""
    answers = itertools.chain(["93.184.215.14"], itertools.repeat("127.0.0.1"))
    asked, connected = [], []

    def flipping(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [next(answers)]

    real = socket.socket.connect
    monkeypatch.setattr(module, "_PAUSE", 0.001)

    with answering(lambda connection, _: connection.sendall(b"")) as server:

        def connect(self: socket.socket, address: tuple[str, int]) -> None:
            connected.append(address[0])
            real(self, ("127.0.0.1", server.port))  # as if the first address were this server's

        monkeypatch.setattr(socket.socket, "connect", connect)
        with pytest.raises(DownloadError, match="5 times"):
            download("http://flip.example/", tmp_path / "a", resolver=flipping, seconds=20)
    assert asked == ["flip.example"]
    assert set(connected) == {"93.184.215.14"}
    assert len(connected) == 5


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "fe80::1%x"])
def test_of_a_mixed_answer_no_address_is_used(
    tmp_path: Path, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: connected.append(address))

    def mixed(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", inside, "2606:4700::1111"]

    with pytest.raises(AddressRefused):
        download("http://mixed.example/", tmp_path / "a", resolver=mixed)
    assert connected == []


def drip(server: Answering, connection: socket.socket) -> None:
    while not server.stopped.wait(0.05):
        connection.sendall(b"x")


def slow_head(server: Answering, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(server, connection)


def slow_body(server: Answering, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(server, connection)


def early_hints(server: Answering, connection: socket.socket) -> None:
    while not server.stopped.wait(0.05):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def busy(server: Answering, connection: socket.socket) -> None:
    server.stopped.wait(0.4)
    connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")


def says_nothing(server: Answering, connection: socket.socket) -> None:
    server.stopped.wait()


@pytest.mark.parametrize("way", [slow_head, slow_body, early_hints, busy, says_nothing])
def test_a_slow_server_ends_with_the_one_deadline(
    tmp_path: Path, way: Callable[[Answering, socket.socket], None]
) -> None:
    """A timeout for each read never ends with a byte every 50 ms; this is over all of them."""
    with answering(lambda connection, _: way(server, connection)) as server:
        began = time.monotonic()
        with pytest.raises(DownloadError, match="after 1 s"):
            download(server.url(), tmp_path / "a", seconds=LIMIT, private=True)
        assert time.monotonic() - began < LIMIT + 1
    assert not list(tmp_path.iterdir())


def test_so_does_a_server_that_agrees_on_no_encryption(tmp_path: Path) -> None:
    with answering(None) as server:
        began = time.monotonic()
        url = server.url(scheme="https")
        with pytest.raises(DownloadError, match="after 1 s"):
            download(url, tmp_path / "a", seconds=LIMIT, private=True)
        assert time.monotonic() - began < LIMIT + 1


def test_so_does_an_address_that_does_not_answer(tmp_path: Path) -> None:
    """A listener whose queue is full lets further connections wait."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(address)
        began = time.monotonic()
        url = f"http://127.0.0.1:{address[1]}/"
        with pytest.raises(DownloadError, match="after 1 s"):
            download(url, tmp_path / "a", seconds=LIMIT, private=True)
        assert time.monotonic() - began < LIMIT + 1
        for each in waiting:
            each.close()


def test_so_does_a_name_that_is_looked_up_for_ever(tmp_path: Path) -> None:
    ended = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        ended.wait(30)
        return []

    began = time.monotonic()
    with pytest.raises(DownloadError, match="after 1 s"):
        download("http://slow.example/", tmp_path / "a", seconds=LIMIT, resolver=slow)
    assert time.monotonic() - began < LIMIT + 1
    ended.set()


@pytest.mark.parametrize("way", [slow_head, slow_body, says_nothing])
def test_it_is_cancelled_at_once(
    tmp_path: Path, way: Callable[[Answering, socket.socket], None]
) -> None:
    cancel = threading.Event()
    with answering(lambda connection, _: way(server, connection)) as server:
        threading.Timer(0.3, cancel.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            download(server.url(), tmp_path / "a", private=True, cancel=cancel)
        assert time.monotonic() - began < 2
    assert not list(tmp_path.iterdir())


def goes_on(connection: socket.socket, frame: Callable[[bytes], bytes]) -> None:
    for _ in range(1000):
        connection.sendall(frame(b"\0" * 65536))


def no_length(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    goes_on(connection, lambda data: data)


def endless_chunks(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    goes_on(connection, lambda data: b"%x\r\n%b\r\n" % (len(data), data))


def length_and_chunks(connection: socket.socket, head: str) -> None:
    """Both are there, and the length is false: chunks win (RFC 9112, 6.3)."""
    lines = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(lines)
    goes_on(connection, lambda data: b"%x\r\n%b\r\n" % (len(data), data))


def honest_length(connection: socket.socket, head: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 65536000\r\n\r\n")
    goes_on(connection, lambda data: data)


def bomb(connection: socket.socket, head: str) -> None:
    """4 MiB of zeros in 4 KiB, from a server that was asked for no compression."""
    body = gzip.compress(b"\0" * (4 << 20))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


@pytest.mark.parametrize("way", [no_length, endless_chunks, length_and_chunks, honest_length, bomb])
def test_no_more_than_the_limit_is_ever_on_disk(
    tmp_path: Path, way: Callable[[socket.socket, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old system read all of it into memory, whatever the length was said to be."""
    largest = 0

    def grown(self: object, response: object) -> None:
        try:
            keep(self, response)
        finally:
            nonlocal largest
            self.file.flush()
            largest = max(p.stat().st_size for p in tmp_path.iterdir())

    keep = module._Transfer._keep
    monkeypatch.setattr(module._Transfer, "_keep", grown)
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    with answering(way) as server, pytest.raises(DownloadError):
        download(server.url(), tmp_path / "a", private=True, limit=1 << 20)
    assert largest <= (1 << 20) + (64 << 10)
    assert (largest == 0) == (way in {honest_length, bomb}), largest
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of a file stands in for it; whoever named the URL learns no path."""
    (tmp_path / "a").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with answering(lambda connection, _: connection.sendall(with_length())) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(StorageFull) as failed:
                download(server.url(), tmp_path / "a", private=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert f"{len(BODY):,} bytes are needed" in str(failed.value)
    assert str(tmp_path) not in str(failed.value.to_dict())
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def with_length(etag: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{etag}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def in_chunks() -> bytes:
    parts = [BODY[i : i + 9973] for i in range(0, len(BODY), 9973)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "data", [with_length(), with_length('ETag: "same"\r\n'), in_chunks()], ids=["l", "e", "c"]
)
def test_of_20_cuts_none_is_taken_for_the_whole(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps on breaking at the same byte; `http.client` and the old system kept each stump."""
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    random_ = random.Random(20)  # noqa: S311
    cuts = [*(random_.randrange(1, len(data)) for _ in range(18)), len(data) - 1, len(data) - 5]
    for cut in cuts:
        with answering(lambda connection, _, cut=cut: connection.sendall(data[:cut])) as server:
            with pytest.raises(DownloadError):
                download(server.url(), tmp_path / "a", private=True)
            assert server.accepted == 5
        assert not list(tmp_path.iterdir())
    with answering(lambda connection, _: connection.sendall(data)) as server:
        assert download(server.url(), tmp_path / "a", private=True).size == len(BODY)
