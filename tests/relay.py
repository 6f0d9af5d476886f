"""A way to a server on which answers are lost: the job was taken, and nobody was told."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

__all__ = ["Relay"]


class Relay:
    """Passes on what is sent; the answers of the next `cuts` POSTs are lost."""

    def __init__(self, url: str) -> None:
        self.cuts = 0
        host, _, port = url.removeprefix("http://").partition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *told: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _start(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            posted = threading.Event()
            self._start(self._ask, client, server, posted)
            self._start(self._answer, server, client, posted)

    def _ask(self, source: socket.socket, target: socket.socket, posted: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if piece.startswith((b"POST", b"GET", b"DELETE")):
                    (posted.set if piece.startswith(b"POST") else posted.clear)()
                target.sendall(piece)
        _end(source, target)

    def _answer(
        self, source: socket.socket, target: socket.socket, posted: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if posted.is_set() and self._cut():
                    break
                target.sendall(piece)
        _end(source, target)

    def _cut(self) -> bool:
        with self._lock:
            cut = self.cuts > 0
            self.cuts -= cut
            return cut


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
