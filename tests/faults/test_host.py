"""A model host whose clients, owner or own process end in the middle of something."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hosted_slow import SlowOptions
from hosting import TESTS, hosting
from isolated_tiny import TinyEngine

from workbench.audio import Audio
from workbench.engines import engine, transcriber
from workbench.engines.host import line as host_line
from workbench.engines.host.address import Address
from workbench.engines.host.leaving import Leaving
from workbench.engines.loaded import Loaded
from workbench.engines.registry import HOST
from workbench.errors import Cancelled, ModelError

pytestmark = pytest.mark.faults

SOUND = Audio(samples=np.zeros(8000, np.float32), rate=8000)


@pytest.fixture
def host(tmp_path):
    folder = tmp_path / "plug-in"
    folder.mkdir()
    with hosting(folder) as host:
        yield host


def until(condition, what: str) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} within 60 s")


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def listen(folder: Path, name: str = "one", **more):
    options = SlowOptions(folder=str(folder), name=name)
    return transcriber("slow").transcribe(SOUND, options=options, **more)


LISTENER = """
import sys
sys.path.insert(0, {tests!r})
from hosted_slow import SlowOptions
from workbench.audio import Audio
from workbench.engines import transcriber
folder, *names = sys.argv[1:]
for name in names:
    transcriber("slow").transcribe(
        Audio.silence(1, 8000), options=SlowOptions(folder=folder, name=name))
"""


def listener(folder: Path, *names: str) -> subprocess.Popen:
    code = LISTENER.format(tests=str(TESTS))
    return subprocess.Popen([sys.executable, "-c", code, str(folder), *names])


# -- the host ends ---------------------------------------------------------------------------


def test_a_host_killed_in_the_middle_of_a_call_is_an_error_and_the_next_is_served(host, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(listen, tmp_path)
        until((tmp_path / "one.began").exists, "it did not begin")
        before = host.status().pid
        os.kill(before, signal.SIGKILL)
        with pytest.raises(ModelError, match=r"slow: the model host ended before.*ask again"):
            call.result(timeout=60)
    (tmp_path / "go").touch()
    assert listen(tmp_path, "two").text == "two"
    after = host.status()
    assert after.pid not in {0, before}
    assert after.restarts == 1


def test_an_engine_that_kills_its_process_again_and_again_keeps_nobody_else_out(host):
    for _ in range(2):
        with pytest.raises(ModelError, match="ended before it had answered"):
            engine("tiny").synthesize("vanish", voice="hum")
    assert engine("tiny").synthesize("Hello.", voice="hum").words
    assert host.status().restarts == 2


def test_a_closed_host_is_an_error_at_once_that_says_what_to_do(host):
    engine("tiny").voices()
    pid = host.status().pid
    host.close()
    host.close()
    assert gone(pid)
    assert host.status().pid == 0
    with pytest.raises(ModelError, match=r"nobody starts it again; .*unset WORKBENCH_MODEL_HOST"):
        engine("tiny").voices()


OWNER = """
import sys, time
from workbench.engines.host import ModelHost
host = ModelHost.start()
print(host.status().pid, host.variables()["WORKBENCH_MODEL_HOST"], flush=True)
{then}
"""


def owner(then: str) -> tuple[subprocess.Popen, int, str]:
    command = [sys.executable, "-c", OWNER.format(then=then)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pid, address = process.stdout.readline().split(maxsplit=1)
    return process, int(pid), address.strip()


@pytest.mark.parametrize(
    "then",
    [
        "time.sleep(600)",
        # A fork holds the pipe by whose end the host would know.
        "import os\nif os.fork() == 0: time.sleep(10)\nelse: time.sleep(600)",
    ],
)
def test_a_host_does_not_outlive_an_owner_that_is_killed(then, monkeypatch, tmp_path):
    process, pid, address = owner(then)
    assert not gone(pid)
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: gone(pid), "the host was not gone")
    monkeypatch.setenv(HOST, address)
    with pytest.raises(ModelError, match="nobody starts it again"):
        transcriber("whisper").transcribe(SOUND)


def test_an_owner_that_ends_leaves_neither_process_nor_folder():
    process, pid, address = owner("")
    process.communicate(timeout=60)
    until(lambda: gone(pid), "the host was not gone")
    assert not Path(Address.parse(address).socket).parent.exists()


def test_a_fork_of_the_owner_does_not_close_its_host():
    code = "import os\npid = os.fork()\nif pid == 0:\n    host.close(); os._exit(0)\n"
    code += "os.waitpid(pid, 0)\nprint(host.status().pid)"
    process, pid, _ = owner(code)
    out, _ = process.communicate(timeout=60)
    assert out.split() == [str(pid)]


# -- the client ends -------------------------------------------------------------------------


def test_what_a_client_was_killed_for_is_stopped(host, tmp_path):
    client = listener(tmp_path, "one")
    until((tmp_path / "one.began").exists, "it did not begin")
    client.kill()
    client.wait()
    until((tmp_path / "one.ended").exists, "the host went on")


def test_a_call_that_is_cancelled_stops_there_and_says_so(host, tmp_path):
    cancel = threading.Event()
    told = []

    def stop(part: float) -> None:
        told.append(part)
        cancel.set()

    with pytest.raises(Cancelled, match="slow: stopped in the middle"):
        listen(tmp_path, progress=stop, cancel=cancel)
    assert told == [0.5]
    assert (tmp_path / "one.ended").exists()


def test_an_error_in_the_clients_own_progress_stops_the_host(host, tmp_path):
    def fails(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        listen(tmp_path, progress=fails)
    until((tmp_path / "one.ended").exists, "the host went on")


def test_a_call_that_waits_can_be_cancelled_before_its_turn(host, tmp_path):
    cancel = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(listen, tmp_path)
        until((tmp_path / "one.began").exists, "it did not begin")
        second = pool.submit(listen, tmp_path, "two", cancel=cancel)
        until(lambda: host.status().waiting == 1, "it did not wait")
        cancel.set()
        with pytest.raises(Cancelled, match="before it began"):
            second.result(timeout=60)
        assert not first.done()
        (tmp_path / "go").touch()
        assert first.result(timeout=60).text == "one"
    assert not (tmp_path / "two.began").exists()


def test_a_stream_that_nobody_reads_any_more_is_closed_there(host, tmp_path):
    stream = engine("slow").stream(str(tmp_path / "closed"), voice="hum")
    next(stream)
    assert not (tmp_path / "closed").exists()
    stream.close()
    until((tmp_path / "closed").exists, "it was not closed")
    assert (tmp_path / "closed").read_text().startswith("slow")  # by the thread that made it


def test_a_line_that_nobody_waits_for_any_more_is_not_spoken_to_its_end(host, tmp_path):
    """It took no word from outside, and held up whoever came next until all of it was said."""
    here = host_line.Line(Address.parse(host.variables()[HOST]), "test")
    question = engine("slow")._question(
        "synthesize", text=str(tmp_path), voice="hum", options=None, seed=None
    )
    host_line.send(here._channel, question)
    until((tmp_path / "line.began").exists, "it did not begin")
    here.close()
    until((tmp_path / "line.stopped").exists, "it was spoken on")
    assert engine("slow").synthesize("Hello.", voice="hum").words
    assert host.status().failures == 1  # that one, and no other


def test_what_others_need_as_well_is_not_broken_off():
    """A load that was broken off began again for the next, an import may not begin again."""
    loading, load_on, sent = threading.Event(), threading.Event(), threading.Event()

    def load(key: str) -> str:
        loading.set()
        load_on.wait(60)
        return key

    def speak() -> None:
        models.get("model")
        while True:
            sent.wait(0.01)

    def leave() -> None:
        leaving.leave()
        sent.set()

    models, leaving = Loaded(load), Leaving()
    with ThreadPoolExecutor(2) as pool:
        spoken = pool.submit(leaving.run, speak)
        loading.wait(60)
        pool.submit(leave)
        assert not sent.wait(0.2)
        load_on.set()
        with pytest.raises(Cancelled, match="stopped in the middle"):
            spoken.result(60)
        assert models.get("model") == "model"
        assert models.loads == 1
        with pytest.raises(Cancelled):  # and nothing begins any more
            leaving.run(speak)


def test_a_client_that_reads_nothing_holds_up_nobody(host):
    """Its answer, a hundred times what a socket holds, waits for it; the model does not."""
    here = host_line.Line(Address.parse(host.variables()[HOST]), "test")
    question = engine("tiny")._question(
        "synthesize", text="one " * 20_000, voice="hum", options=None, seed=None
    )
    host_line.send(here._channel, question)
    until(lambda: host.status().calls == 1, "it was not asked")
    assert engine("tiny").synthesize("Hello.", voice="hum").words
    _, (sound,) = here.ask({"method": "status"})
    assert sound.frames == TinyEngine().synthesize("one " * 20_000, voice="hum").audio.frames
    here.close()


# -- who is next -----------------------------------------------------------------------------


def test_a_client_with_much_to_do_lets_another_in(host, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        calls = []
        for name in ("a1", "a2", "a3", "a4"):
            calls.append(pool.submit(listen, tmp_path, name))
            asked = len(calls)
            until(lambda n=asked: host.status().calls + host.status().waiting == n, "no turn")
        other = listener(tmp_path, "b1")
        until(lambda: host.status().waiting == 4, "it did not wait")
        (tmp_path / "go").touch()
        assert [call.result(timeout=60).text for call in calls] == ["a1", "a2", "a3", "a4"]
        assert other.wait(timeout=60) == 0
    order = (tmp_path / "order").read_text().split()
    assert order.index("b1") <= 2, order


# -- strangers -------------------------------------------------------------------------------


def test_only_the_owner_gets_to_its_socket(host):
    path = Path(Address.parse(host.variables()[HOST]).socket)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"WBMH\xff\xff\xff\xff" + bytes(8),
        b"WBMH\x00\x00\x00\x02" + bytes(8) + b"[]",
        b"WBMH" + (2).to_bytes(4, "big") + bytes(8) + b"{]",
        b"WBMH" + (2).to_bytes(4, "big") + b"\xff" * 8 + b"{}",
        b"WB",
        b"",
    ],
)
def test_what_is_no_message_ends_a_conversation_and_nothing_else(host, said):
    path = Address.parse(host.variables()[HOST]).socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.connect(path)
        channel.sendall(said)
        channel.shutdown(socket.SHUT_WR)
        channel.settimeout(60)
        with contextlib.suppress(ConnectionResetError):  # it has not read all of it
            assert channel.recv(1000) == b""
    assert engine("tiny").voices()
    assert host.status().restarts == 0


def test_a_token_that_is_not_its_own_is_refused(host):
    address = Address.parse(host.variables()[HOST])
    wrong = replace(address, token="guess")  # noqa: S106 - no token at all
    with pytest.raises(ModelError, match="the token is not its own"):
        host_line.Line(wrong, "test")


def test_another_version_is_refused_with_both_named(host, monkeypatch):
    version = host_line.__version__
    monkeypatch.setattr(host_line, "__version__", "0.0.1")
    with pytest.raises(ModelError, match=rf"is of version {version}.*runs 0\.0\.1; restart"):
        engine("tiny").voices()
