"""Small messages between the pool and its workers: JSON, a line each, over a pair of sockets."""

from __future__ import annotations

import json
import logging
import select
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

__all__ = ["Lines"]

log = logging.getLogger(__name__)

_PIECE = 1 << 16


class Lines:
    """One end of a connection.

    Examples
    --------
    >>> import socket
    >>> here, there = map(Lines, socket.socketpair())
    >>> here.send(do="wake"), there.read()
    (True, [{'do': 'wake'}])
    >>> here.close(), there.read()
    (None, None)
    >>> there.close()
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.settimeout(0.0)
        self._rest = b""

    def fileno(self) -> int:
        """Return its number, for whoever waits for several things."""
        return self._connection.fileno()

    def send(self, **message: Any) -> bool:
        """Send a message, without waiting; return whether it went."""
        # The break before it ends what an interrupt may have left half sent.
        data = b"\n" + json.dumps(message).encode() + b"\n"
        try:
            return self._connection.send(data) == len(data)
        except OSError:  # full: then there is something to be read; or the other end is gone
            return False

    def read(self) -> list[dict[str, Any]] | None:
        """Wait for messages and return them; None when the other end is gone."""
        # Not select: its numbers end at 1024, and a server has that many connections.
        poll = select.poll()
        try:
            poll.register(self._connection, select.POLLIN)
            while True:
                poll.poll()
                try:
                    piece = self._connection.recv(_PIECE)
                except BlockingIOError:
                    continue
                break
        except (OSError, ValueError):
            return None
        if not piece:
            return None
        *whole, self._rest = (self._rest + piece).split(b"\n")
        return [message for line in whole if line and (message := _message(line)) is not None]

    def close(self) -> None:
        """Close this end."""
        self._connection.close()


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        log.debug("a message that is none: %r", line[:100])
        return None
    return message if isinstance(message, dict) else None
