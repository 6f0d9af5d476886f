"""What client and fork server say to each other: JSON with its length before it, and open files."""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

__all__ = ["LONGEST", "Inbox", "WireError", "peer", "send"]

LONGEST = 8_000_000
"""Bytes of a message: an environment is the largest thing that is sent."""

_HEAD = struct.Struct("!I")
_FILES = 3
_READ = 1 << 16


class WireError(Exception):
    """What came is no message."""


def send(channel: socket.socket, message: dict[str, Any], files: tuple[int, ...] = ()) -> None:
    """Send a message, and open files with it.

    Raises
    ------
    OSError
        When the other end is gone.
    """
    body = json.dumps(message).encode("utf-8", "surrogateescape")
    head = _HEAD.pack(len(body))
    if files:
        socket.send_fds(channel, [head], list(files))
        channel.sendall(body)
    else:
        channel.sendall(head + body)


class Inbox:
    """Messages that come in pieces.

    Attributes
    ----------
    files
        The descriptors that have come and belong to nobody yet.

    Examples
    --------
    >>> here, there = socket.socketpair()
    >>> send(there, {"do": "status"})
    >>> inbox = Inbox()
    >>> inbox.read(here), inbox.take()
    (True, {'do': 'status'})
    >>> there.close(); inbox.read(here), inbox.take()
    (False, None)
    >>> here.close()
    """

    def __init__(self) -> None:
        self._data = b""
        self.files: list[int] = []

    def read(self, channel: socket.socket) -> bool:
        """Read what is there; return False when there will be no more.

        Raises
        ------
        BlockingIOError
            When nothing is there and the channel does not wait.
        """
        try:
            data, files, _, _ = socket.recv_fds(
                channel, _READ, _FILES, getattr(socket, "MSG_CMSG_CLOEXEC", 0)
            )
        except ConnectionError:
            return False
        self.files += files
        self._data += data
        return bool(data)

    def take(self) -> dict[str, Any] | None:
        """Return the next whole message, None when there is none yet.

        Raises
        ------
        WireError
            When it is too long, or no object.
        """
        if len(self._data) < _HEAD.size:
            return None
        (length,) = _HEAD.unpack_from(self._data)
        if length > LONGEST:
            raise WireError(f"a message of {length} bytes")
        end = _HEAD.size + length
        if len(self._data) < end:
            return None
        body, self._data = self._data[_HEAD.size : end], self._data[end:]
        try:
            message = json.loads(body)
        except ValueError as error:
            raise WireError("no JSON") from error
        if not isinstance(message, dict):
            raise WireError("no object")
        return message

    def close(self) -> None:
        """Close the files that nobody took."""
        for number in self.files:
            os.close(number)
        self.files.clear()


def peer(channel: socket.socket) -> tuple[int, int]:
    """Return the process and the user at the other end, as the kernel of the system knows them."""
    size = struct.calcsize("3i")
    raw = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, user, _ = struct.unpack("3i", raw)
    return pid, user
