"""The client's side: find or start the right server, and hold the kernel it forks."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import KernelDied, StorageError, WorkbenchError
from workbench.production.kernels import processes, wire
from workbench.production.kernels.places import folder, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.production.kernels.places import Kind

__all__ = ["Forked", "ask", "fork", "servers"]

_TRIES = 5
_ANSWER = 30.0  # seconds for a server that is there
_LOADING = 900.0  # seconds for one that loads its models


class Forked:
    """A kernel that a server has forked, in the shape of `subprocess.Popen`.

    Parameters
    ----------
    channel
        The connection; the kernel lives for as long as it is held.
    pid
        The kernel.
    inbox
        What has been read from the connection.

    Attributes
    ----------
    returncode
        None while it lives; negative for a signal.
    reason
        Why the server ended it, empty when it did not.
    """

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket, pid: int, inbox: wire.Inbox) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.reason = ""
        self._channel = channel
        self._inbox = inbox
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises
        ------
        subprocess.TimeoutExpired
            When it lives for longer.
        """
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Signal the process, if it lives."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go: the server ends it."""
        self._channel.close()

    def _look(self, timeout: float | None) -> int | None:
        until = None if timeout is None else time.monotonic() + timeout
        with self._lock:
            while self.returncode is None:
                left = None if until is None else max(0.0, until - time.monotonic())
                if not _readable(self._channel.fileno(), left):
                    break
                more = self._inbox.read(self._channel)
                message = self._inbox.take()
                if message is not None and "exit" in message:
                    self._ended(int(message["exit"]), str(message.get("reason", "")))
                elif not more:  # the server is gone, and its kernels with it
                    processes.kill_group(self.pid)
                    self._ended(-signal.SIGKILL, "its fork server ended")
            return self.returncode

    def _ended(self, code: int, reason: str) -> None:
        self.returncode, self.reason = code, reason
        self._channel.close()


def fork(
    kind: Kind,
    *,
    argv: list[str],
    env: Mapping[str, str],
    cwd: str,
    files: tuple[int, int, int],
    memory: int = 0,
    sockets: str = "",
) -> Forked:
    """Return a kernel from a server of that kind, which is started when there is none.

    Parameters
    ----------
    kind
        What the server must have loaded.
    argv, env, cwd
        The kernel's arguments, environment and working folder.
    files
        Its standard input, output and error.
    memory
        Bytes it may have of its own, 0 for any number.
    sockets
        How the files begin by which it is talked to; the server removes them when this process
        cannot.

    Raises
    ------
    StorageError
        When there is no private folder for a socket.
    KernelDied
        When no server can be had.
    WorkbenchError
        When something cannot be preloaded.
    """
    request = {
        "do": "fork",
        "argv": argv,
        "env": dict(env),
        "cwd": cwd,
        "umask": _umask(),
        "memory": memory,
        "sockets": sockets,
    }
    for _ in range(_TRIES):
        channel = _connected(kind, env)
        inbox = wire.Inbox()
        answer = None
        with contextlib.suppress(OSError, wire.WireError):
            wire.send(channel, request, files)
            answer = _reply(channel, inbox)
        if answer and "pid" in answer:
            channel.settimeout(None)
            return Forked(channel, int(answer["pid"]), inbox)
        channel.close()
        if answer and "error" in answer:
            raise KernelDied(str(answer["error"]), subject=kind.name, cure="workbench kernels stop")
        # It ended as we came, or its code has changed: the next one is new.
    raise KernelDied("no fork server stays", subject=kind.name, cure=f"see {_log(kind)}")


def ask(path: Path, message: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the server at a socket answers, None when there is none."""
    channel = _try(path)
    if channel is None:
        return None
    with channel, contextlib.suppress(OSError, wire.WireError):
        wire.send(channel, message)
        return _reply(channel, wire.Inbox())
    return None


def servers() -> list[Path]:
    """Return the sockets of the servers of this user."""
    return sorted(folder().glob("*.sock"))


def _reply(channel: socket.socket, inbox: wire.Inbox) -> dict[str, Any] | None:
    channel.settimeout(_ANSWER)
    while (message := inbox.take()) is None:
        if not inbox.read(channel):
            return None
    return message


def _try(path: Path) -> socket.socket | None:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        channel.settimeout(_ANSWER)
        channel.connect(str(path))
        if wire.peer(channel)[1] == os.getuid():
            return channel
    except OSError:
        pass
    channel.close()
    return None


def _connected(kind: Kind, env: Mapping[str, str]) -> socket.socket:
    path = folder() / f"{kind.name}.sock"
    channel = _try(path)
    if channel is not None:
        return channel
    with _alone(path.with_suffix(".lock")):
        channel = _try(path)  # another process was faster
        if channel is None:
            _start(kind, path, env)
            channel = _try(path)
    if channel is None:
        raise KernelDied(
            "its fork server ended at once", subject=kind.name, cure=f"see {_log(kind)}"
        )
    return channel


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    import fcntl  # Windows has none

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(kind: Kind, path: Path, env: Mapping[str, str]) -> None:
    """Start a server and wait until it listens."""
    # What is one job's, such as a mark by which its processes are ended, is not the server's.
    own = {n: v for n, v in env.items() if settled(n) or not n.startswith(("WORKBENCH_", "JPY_"))}
    reads, writes = os.pipe()
    command = [*kind.python, "-m", f"{__package__}.serve", kind.to_json(), str(path), str(writes)]
    with os.fdopen(reads, "rb", buffering=0) as told:
        try:
            with _log(kind).open("wb") as log:
                subprocess.run(
                    command,
                    check=False,
                    env=own,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[writes],
                )
        except OSError as error:
            raise KernelDied(
                f"its fork server cannot be started ({error.strerror})", subject=kind.python[0]
            ) from error
        finally:
            os.close(writes)
        answer = _until_closed(told.fileno(), kind)
    if "error" in answer:
        raise WorkbenchError.from_dict(answer["error"])
    if "ready" not in answer:
        raise KernelDied(
            "its fork server did not start", subject=kind.name, cure=f"see {_log(kind)}"
        )


def _until_closed(told: int, kind: Kind) -> dict[str, Any]:
    until, data = time.monotonic() + _LOADING, b""
    while True:
        if not _readable(told, max(0.0, until - time.monotonic())):
            raise KernelDied(f"its fork server still loads after {_LOADING:g} s", subject=kind.name)
        piece = os.read(told, 65_536)
        if not piece:
            break
        data += piece
    return dict(json.loads(data)) if data else {}


def _readable(number: int, seconds: float | None) -> bool:
    """Whether there is something to read within that time; any descriptor, also above 1,023."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(None if seconds is None else math.ceil(seconds * 1000)))


def _log(kind: Kind) -> Path:
    return folder() / f"{kind.name}.log"


def _umask() -> int:
    """Return the mask of this process, which cannot be asked for without being set."""
    for line in (
        Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    ):
        name, _, value = line.partition(":")
        if name == "Umask":
            return int(value, 8)
    raise StorageError("tells no umask", subject="/proc/self/status")
