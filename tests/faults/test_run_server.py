"""The server listens before it works, says where, keeps tokens to itself and ends cleanly."""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from small_server import TOKEN, small_server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.faults


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_one_line_says_where_and_the_token_that_was_made(folder: Path) -> None:
    with small_server(folder, tokens=[]) as server:
        assert server.line.startswith(f"serving at {server.url}  token")
        token = server.line.split()[-1]
        assert len(token) >= 32
        with server.client(token="") as client:
            assert client.get("/sleep?seconds=0").status_code == 401
        with server.client(token=token) as client:
            assert client.get("/sleep?seconds=0").status_code == 200
        assert server.stop() == 0
        assert server.process.stdout.read() == ""
        assert token not in server.log.read_text()


def test_a_token_that_was_given_is_not_said(folder: Path) -> None:
    with small_server(folder) as server:
        assert server.line == f"serving at {server.url}\n"


def test_logs_have_neither_tokens_nor_queries(folder: Path) -> None:
    """The old server logged the header."""
    with small_server(folder) as server:
        with server.client() as client:
            client.get("/sleep", params={"seconds": 0, "token": TOKEN, "key": "a-secret"})
            client.get("/sleep", headers={"Authorization": f"Bearer {TOKEN}x"})
            client.get(f"/{TOKEN}", headers={"Referer": TOKEN, "Cookie": f"token={TOKEN}"})
            client.get("/a%0Ab%1b[31m")
            assert client.get("/broken").status_code == 500
        server.stop()
        log = server.log.read_text()
        assert '"GET /sleep HTTP/1.1" 200' in log
        assert "RuntimeError: with … in it" in log
        assert TOKEN not in log
        assert "a-secret" not in log
        assert "\x1b" not in log
        assert "\nb" not in log


def test_it_listens_on_the_loopback_unless_told(folder: Path) -> None:
    with small_server(folder) as server:
        addresses = [
            each[4][0]
            for each in socket.getaddrinfo(socket.gethostname(), server.port, socket.AF_INET)
            if not each[4][0].startswith("127.")
        ]
        for address in addresses:
            with socket.socket() as other:
                other.settimeout(2)
                assert other.connect_ex((address, server.port)) != 0


@pytest.mark.parametrize("host", ["localhost", "::1", "::", "0.0.0.0"])  # noqa: S104
def test_it_listens_where_it_is_told(folder: Path, host: str) -> None:
    with small_server(folder, host=host) as server:
        there = "[::1]" if host == "::1" else "127.0.0.1"
        url = f"http://{there}:{server.port}/health"
        assert httpx.get(url, trust_env=False).status_code == 200


def test_a_taken_port_is_said_before_any_work_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AssertionError), small_server(folder, port=port):
            pass
        log = folder.with_name("store.log").read_text()
        assert log == (
            f"service: 127.0.0.1: port {port} is taken; "
            "name another one, or 0 for any that is free\n"
        )
    assert not folder.exists()


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid", ""])
def test_so_is_an_address_of_another_machine(folder: Path, host: str) -> None:
    """An empty one would be all of them."""
    with pytest.raises(AssertionError), small_server(folder, host=host):
        pass
    log = folder.with_name("store.log").read_text()
    assert log.startswith(f"service: {host or 'host'}: cannot listen there: ")
    assert "Traceback" not in log


def test_what_is_wrong_at_the_start_is_said_without_a_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(AssertionError), small_server(folder):
        pass
    log = folder.with_name("store.log").read_text()
    assert log.endswith("storage: store: cannot be written\n")
    assert "Traceback" not in log


def test_a_port_can_be_taken_again_at_once(folder: Path) -> None:
    with small_server(folder) as server:
        with server.client() as client:
            client.get("/health")
        assert server.stop() == 0
    with small_server(folder, port=server.port) as again, again.client() as client:
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(folder: Path, number: int) -> None:
    """Exit code 0, what is answered in the grace is, who waits longer is told, and then closed."""
    with small_server(folder, grace=2.0) as server:
        answers: dict[str, Any] = {}

        def ask(name: str, seconds: float) -> None:
            with server.client() as client:
                answers[name] = client.get("/sleep", params={"seconds": seconds})

        asking = [
            threading.Thread(target=ask, args=("short", 1.0)),
            threading.Thread(target=ask, args=("long", 60.0)),
        ]
        idle = socket.create_connection(("127.0.0.1", server.port))
        for each in asking:
            each.start()
        time.sleep(0.5)
        began = time.monotonic()
        server.process.send_signal(number)
        time.sleep(0.4)
        with socket.socket() as late:
            assert late.connect_ex(("127.0.0.1", server.port)) != 0
        assert server.process.wait(30) == 0
        assert time.monotonic() - began < 2.0 + 5
        for each in asking:
            each.join()
        idle.close()
        assert answers["short"].json() == {"done": True}
        assert answers["long"].status_code == 503
        assert answers["long"].json()["code"] == "busy"
        assert (folder / "closed").exists()


def test_parts_of_uploads_lie_on_the_stores_disk_without_a_name(folder: Path) -> None:
    """So a kill leaves nothing of them, and they do not fill the disk of temporary files."""
    head = (
        f"POST /upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: {TOKEN}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with small_server(folder) as server:
        before = server.files()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(head.encode() + b"\0" * 4_000_000)
            until = time.monotonic() + 20
            while server.files() == before and time.monotonic() < until:
                time.sleep(0.05)
            [part] = [path for path in server.files() if path not in before]
            assert part.startswith(f"{folder}/incoming/")
            assert [p.name for p in folder.rglob("*")] == ["incoming"]
        while server.files() != before and time.monotonic() < until:
            time.sleep(0.05)
        assert server.files() == before
