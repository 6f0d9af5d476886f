"""A server that answers as a test tells it to, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

__all__ = ["Answering", "answering"]


@dataclass
class Answering:
    """A server that runs.

    `heads` has the head of each request it understood, `accepted` counts connections.
    """

    port: int
    respond: Callable[[socket.socket, str], None] | None
    tls: ssl.SSLContext | None = None
    heads: list[str] = field(default_factory=list)
    accepted: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    connections: list[socket.socket] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def url(self, path: str = "/a.mp4", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def header(self, name: str, of: int = -1) -> str:
        """Return a header of one of the requests, empty where it was not sent."""
        for line in self.heads[of].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.connections.append(connection)
            self.threads.append(threading.Thread(target=self.speak, args=(connection,)))
            self.threads[-1].start()

    def speak(self, connection: socket.socket) -> None:
        if self.respond is None:
            self.stopped.wait()
            return
        with contextlib.suppress(OSError):  # the client goes away whenever it likes
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self.connections.append(connection)
            head = b""
            while b"\r\n\r\n" not in head:
                part = connection.recv(65536)
                if not part:
                    return
                head += part
            self.heads.append(head.decode("latin-1"))
            self.respond(connection, self.heads[-1])
            connection.shutdown(socket.SHUT_WR)
        connection.close()

    def stop(self) -> None:
        self.stopped.set()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for connection in self.connections:
            connection.close()


@contextlib.contextmanager
def answering(
    respond: Callable[[socket.socket, str], None] | None,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Answering]:
    """Serve until the block ends; `respond` gets the connection and the head of its one request.

    Without `respond` it accepts connections and never says a word.
    """
    listener = socket.create_server(
        (host, 0),
        family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        backlog=256,
        dualstack_ipv6=host == "::",
    )
    server = Answering(port=listener.getsockname()[1], respond=respond, tls=tls)
    accepting = threading.Thread(target=server.accept, args=(listener,))
    accepting.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        server.stop()
