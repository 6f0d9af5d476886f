"""A protocol that does not wait for ever: for a head, for a reader, for the end of a body.

Uvicorn has one timeout, for connections that were answered and are idle. A connection over which
half a head came, or nothing at all, stays open as long as its client likes (uvicorn issues #157
and #1685): of 300 of them all were there after 40 s. How long the body of a request may take is
for `guards.BodyDeadline`, which sees who waits for it.

Of uvicorn's parsers the one in Python is used, wherever it runs: it limits the size of a head, and
is no bottleneck for bodies.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import sys
import termios
import time
from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import Message, Receive, Scope, Send

__all__ = ["TimedProtocol", "timed"]

_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_CROWDED = (
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n"
    b"content-length: 0\r\n\r\n"
)
_RATE = 500  # bytes a second, on average, that a client has to read


def timed(
    *, head_seconds: float = 10.0, stall_seconds: float = 20.0, connections: int = 1000
) -> type[TimedProtocol]:
    """Return a class of protocols for ``uvicorn.Config(http=…)``.

    Parameters
    ----------
    head_seconds
        In which the head of a request has to be there, since the connection or the head's first
        byte.
    stall_seconds
        In which a client has to read on.
    connections
        That are open at once. Beyond them, a new one takes the place of the one that has longest
        been without a request; where each has one, it is refused.
    """
    return type(
        "Timed",
        (TimedProtocol,),
        {
            "head_seconds": head_seconds,
            "stall_seconds": stall_seconds,
            "linger_seconds": min(TimedProtocol.linger_seconds, stall_seconds),
            "most": connections,
        },
    )


class TimedProtocol(H11Protocol):
    """Uvicorn's protocol, with an end to each wait for the client."""

    head_seconds: ClassVar[float] = 10.0
    stall_seconds: ClassVar[float] = 20.0
    linger_seconds: ClassVar[float] = 5.0
    most: ClassVar[int] = 1000

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._answering = self.app
        self.app = self._watched
        self.requests = 0  # that have a head and no complete answer
        self.since = time.monotonic()
        self._came = False
        self._waiting: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family != getattr(socket, "AF_UNIX", None):
            # asyncio does this only to sockets made for the protocol "tcp" by its name; without
            # it, the second half of an answer waits 40 ms for the client to confirm the first.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait(self.head_seconds, self._late)
        if sum(not each.transport.is_closing() for each in self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait(0, None)
        self._watch_reader(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; the first bytes of a further head begin the wait for the rest of it."""
        self._came = True
        if not self.requests and self._waiting is None:
            self._wait(self.head_seconds, self._late)
        super().data_received(data)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._watch_reader(self.stall_seconds)

    def resume_writing(self) -> None:
        """End that wait."""
        super().resume_writing()
        self._watch_reader(0)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered whose head is there."""
        self._wait(0, None)
        self.requests += 1
        names = dict(scope["headers"])
        body = names.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in names
        over = False

        def answered() -> None:
            nonlocal over
            if over:
                return
            over = True
            self.requests -= 1
            self.since = time.monotonic()
            if body and not self.requests:
                # The rest of the body is thrown away for a while: a connection that is closed over
                # unread bytes takes the answer with it before the client has read it.
                self._wait(self.linger_seconds, self.transport.abort)
            self._watch_reader(self.stall_seconds)

        async def noted() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                body = False
            return message

        async def sent(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)
            if last:
                answered()

        try:
            await self._answering(scope, noted, sent)
        finally:
            answered()

    def _wait(self, seconds: float, then: Callable[[], None] | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = None if then is None else self.loop.call_later(seconds, then)

    def _late(self) -> None:
        """End a connection over which no head came in time."""
        self._waiting = None
        self.end(_LATE if self._came else b"")

    def end(self, told: bytes) -> None:
        """Close the connection, with a last word if there is one."""
        if self.transport.is_closing():
            return
        if told:
            self.transport.write(told)
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _watch_reader(self, seconds: float) -> None:
        """Look in a while whether the client has read, if there is anything to read."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if seconds and self.transport is not None:
            self._reading = self.loop.call_later(seconds, self._stalled, self._unread())

    def _stalled(self, before: int) -> None:
        self._reading = None
        if not self.transport.get_write_buffer_size():
            return  # the rest is for the kernel, which gives up in its own time
        if before - self._unread() < _RATE * self.stall_seconds:
            self.transport.abort()
        else:
            self._watch_reader(self.stall_seconds)

    def _unread(self) -> int:
        """Return how many bytes wait for the client, here and in the kernel.

        The kernel takes megabytes and asks for more only when a good part of them is gone, so what
        waits here says nothing for a long while.
        """
        size = self.transport.get_write_buffer_size()
        connection = self.transport.get_extra_info("socket")
        # Not everywhere, nor once it is closed.
        with contextlib.suppress(OSError, AttributeError, ValueError):
            told = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
            size += int.from_bytes(told, sys.byteorder)
        return size

    def _make_room(self) -> None:
        """End the connection that has longest been without a request; this one if all have one."""
        others = [
            other
            for other in self.connections
            if isinstance(other, TimedProtocol)
            and other is not self
            and not other.requests
            and not other.transport.is_closing()
        ]
        if others:
            min(others, key=lambda other: other.since).end(b"")
        else:
            self.end(_CROWDED)
