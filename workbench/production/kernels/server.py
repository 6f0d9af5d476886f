"""The fork server: one process, one thread, that loads everything once and forks a child a kernel.

It ends what a kernel leaves behind, ends a kernel whose client is gone, and tells the client how
its kernel ended. Each client holds a connection for as long as its kernel is to live.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.production.kernels import processes, wire
from workbench.production.kernels.changes import Sources
from workbench.production.kernels.places import described, remove_sockets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.production.kernels.places import Kind

__all__ = ["Request", "Server"]

_LOOK = 20.0  # seconds between two looks at an idle server
_WATCH = 0.25  # seconds between two looks at a kernel whose memory is limited
_FULL = 0.1  # seconds until it is tried again to open a file, when too many are open
_HUNG_UP = "its client is gone"
_FILES = 3  # standard input, output and error


@dataclass(frozen=True)
class Request:
    """What a forked child is to become.

    Parameters
    ----------
    message
        ``argv``, ``env``, ``cwd``, ``umask``.
    files
        Its standard input, output and error.
    server
        The process it was forked from.
    """

    message: Mapping[str, Any]
    files: tuple[int, ...]
    server: int


@dataclass
class _Client:
    """A connection."""

    channel: socket.socket
    pid: int  # of whoever is at the other end, 0 when it cannot be seen from here
    inbox: wire.Inbox = field(default_factory=wire.Inbox)
    watch: int = -1  # a descriptor that becomes readable when that process ends
    kernel: int = 0
    began: float = 0.0
    limit: int = 0  # bytes of memory its kernel may have of its own
    sockets: str = ""  # how the files begin by which its kernel is talked to
    reason: str = ""  # why the server ended its kernel

    def tell(self, **message: Any) -> None:
        with contextlib.suppress(OSError):  # it is gone, which is noticed elsewhere
            self.channel.settimeout(5)
            wire.send(self.channel, message)
            self.channel.settimeout(0)


class Server:
    """The loop of a fork server.

    Parameters
    ----------
    listener
        A listening socket.
    path
        Where that is found.
    kind
        What has been loaded.
    idle
        Seconds without a kernel after which it ends.
    """

    def __init__(self, listener: socket.socket, path: Path, kind: Kind, *, idle: float) -> None:
        self._listener: socket.socket | None = listener
        self._path = path
        self._inode = path.stat().st_ino
        self._kind = kind
        self._idle = idle
        self._began = self._used = time.monotonic()
        self._sources = Sources.now()
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        self._wakes, self._woken = socket.socketpair()
        for channel in (listener, self._wakes, self._woken):
            channel.settimeout(0)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wakes, selectors.EVENT_READ, self._signalled)
        self._served = 0

    def run(self) -> Request | None:
        """Serve; return what to become in a forked child, None in the server when it is to end."""
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, self._note)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self._asked_to_end = False
        while not self._over():
            for key, _ in self._selector.select(self._pause()):
                request = key.data(key.fileobj)
                if request is not None:
                    return self._leave(request)
            self._watch_memory()
        self._withdraw()
        return None

    # -- what happens -------------------------------------------------------------------------

    def _note(self, number: int, _: Any) -> None:
        if number == signal.SIGTERM:
            self._asked_to_end = True

    def _signalled(self, _: Any) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wakes.recv(4096):
                pass
        if self._asked_to_end:
            self._withdraw()
            for client in self._clients:
                self._end(client, "its fork server was told to end")
        self._reap()

    def _accept(self, _: Any) -> None:
        if self._listener is None:
            return
        try:
            channel, _address = self._listener.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:  # whoever calls keeps calling
                time.sleep(_FULL)
            return
        pid, user = wire.peer(channel)
        if user != os.getuid():
            channel.close()
            return
        channel.settimeout(0)
        client = _Client(channel, pid)
        self._clients.append(client)
        self._selector.register(channel, selectors.EVENT_READ, lambda _: self._hear(client))
        self._used = time.monotonic()

    def _hear(self, client: _Client) -> Request | None:
        if client not in self._clients:  # forgotten since the selector saw it
            return None
        try:
            more = client.inbox.read(client.channel)
            while (message := client.inbox.take()) is not None:
                request = self._answer(client, message)
                if request is not None:
                    return request
        except BlockingIOError:
            return None
        except (OSError, wire.WireError):
            more = False
        if not more:
            self._gone(client)
        return None

    def _answer(self, client: _Client, message: Mapping[str, Any]) -> Request | None:
        match message.get("do"):
            case "fork" if not client.kernel:
                return self._fork(client, message)
            case "status":
                client.tell(**self._status())
            case "stop":
                self._withdraw()
                for other in self._clients:
                    if message.get("now"):
                        self._end(other, "its fork server was stopped")
                client.tell(stopping=True)
        return None

    def _gone(self, client: _Client) -> None:
        """Forget who hung up, and end the kernel that was theirs."""
        if client.kernel:
            self._end(client, _HUNG_UP)
        elif client in self._clients:
            self._forget(client)

    def _end(self, client: _Client, reason: str) -> None:
        if client.kernel:
            client.reason = client.reason or reason
            processes.kill_group(client.kernel)
            with contextlib.suppress(KeyError, ValueError):  # its end is all that is waited for
                self._selector.unregister(client.channel)
            self._unwatch(client)

    def _unwatch(self, client: _Client) -> None:
        if client.watch >= 0:
            with contextlib.suppress(KeyError):
                self._selector.unregister(client.watch)
            os.close(client.watch)
            client.watch = -1

    def _forget(self, client: _Client) -> None:
        self._unwatch(client)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.channel)
        client.inbox.close()
        client.channel.close()
        self._clients.remove(client)
        self._used = time.monotonic()

    def _reap(self) -> None:
        """Tell of kernels that have ended, and end what they left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            for client in [c for c in self._clients if c.kernel == pid]:
                code = os.waitstatus_to_exitcode(status)
                client.tell(exit=code, reason=client.reason)
                if client.reason == _HUNG_UP:  # nobody else will
                    remove_sockets(self._path.parent, client.sockets)
                self._forget(client)
        # A kernel adopts what its descendants lose; whatever else is here, ended kernels left.
        mine = {client.kernel for client in self._clients}
        for pid in processes.children(os.getpid()):
            if pid not in mine:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    # -- a kernel -----------------------------------------------------------------------------

    def _fork(self, client: _Client, message: Mapping[str, Any]) -> Request | None:
        changed = self._sources.changed()
        if changed:
            self._withdraw()
            client.tell(stale=changed)
            return None
        refusal = self._refusal(client)
        if refusal:
            client.tell(error=refusal)
            return None
        files = tuple(client.inbox.files)
        sys.stdout.flush()
        sys.stderr.flush()
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # one of them, EAGAIN, would pass for an empty channel
            client.inbox.close()
            client.tell(error=f"nothing can be forked ({error.strerror})")
            return None
        if pid == 0:
            return Request(message, files, server)
        client.inbox.close()
        client.kernel, client.began = pid, time.time()
        client.limit = int(message.get("memory") or 0)
        client.sockets = str(message.get("sockets") or "")
        if client.pid:
            with contextlib.suppress(OSError):  # it has just ended: the connection says so too
                client.watch = os.pidfd_open(client.pid)
                self._selector.register(
                    client.watch, selectors.EVENT_READ, lambda _: self._gone(client)
                )
        self._served += 1
        client.tell(pid=pid, server=server)
        return None

    def _refusal(self, client: _Client) -> str:
        """Say why nothing can be forked now; a lock held by another thread would stay held."""
        if len(client.inbox.files) != _FILES:
            return f"{_FILES} open files must come with a request"
        number = processes.threads()
        if number != 1:
            return f"the fork server has {number} threads, and must have one"
        return ""

    def _leave(self, request: Request) -> Request:
        """Close in the child what is the server's."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        for client in self._clients:
            client.inbox.files = [f for f in client.inbox.files if f not in request.files]
            client.inbox.close()
            client.channel.close()
            if client.watch >= 0:
                os.close(client.watch)
        for channel in (self._listener, self._wakes, self._woken):
            if channel is not None:
                channel.close()
        self._clients.clear()
        return request

    def _watch_memory(self) -> None:
        for client in self._clients:
            if not client.limit or not client.kernel or client.reason:
                continue
            if processes.resident(client.kernel) <= client.limit:
                continue  # what is its own alone takes longer to ask for
            own = processes.own_memory(client.kernel)
            if own > client.limit:
                self._end(
                    client,
                    f"it used {own / 1e6:,.0f} MB of memory, and {client.limit / 1e6:,.0f} MB "
                    "is its limit",
                )

    # -- the server itself --------------------------------------------------------------------

    def _pause(self) -> float:
        if any(client.limit and client.kernel for client in self._clients):
            return _WATCH
        return min(_LOOK, max(0.05, self._idle))

    def _over(self) -> bool:
        """Whether there is nothing left to do."""
        if self._listener is not None and not self._rooted():
            self._withdraw()
        if any(client.kernel for client in self._clients):
            return False
        if self._listener is None:
            return True
        return not self._clients and time.monotonic() - self._used >= self._idle

    def _rooted(self) -> bool:
        """Whether the socket and the environment are still there."""
        try:
            there = self._path.stat().st_ino == self._inode
        except OSError:
            return False
        return there and Path(__file__).exists() and Path(sys.executable).exists()

    def _withdraw(self) -> None:
        """Take no more requests; who comes now starts another server."""
        if self._listener is None:
            return
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._selector.unregister(self._listener)
        self._listener.close()
        self._listener = None

    def _status(self) -> dict[str, Any]:
        kernels = [
            {
                "pid": client.kernel,
                "client": client.pid,
                "began": client.began,
                "limit": client.limit,
                "resident": processes.resident(client.kernel),
                "own": processes.own_memory(client.kernel),
                "proportional": processes.proportional(client.kernel),
            }
            for client in self._clients
            if client.kernel
        ]
        me = os.getpid()
        return {
            **described(self._kind),
            "pid": me,
            "seconds": round(time.monotonic() - self._began, 1),
            "served": self._served,
            "retiring": self._listener is None,
            "resident": processes.resident(me),
            "proportional": processes.proportional(me),
            "kernels": kernels,
        }
