"""Whether all of a file came, by what its format says of its own length.

The older server hands out a file while it is still being written, without saying how long it will
be. An MP4 gets its index when all else is written, a WAV tells in its head how much there is, and
JPEG and PNG have an end. What is not one of these is whole when it no longer grows.
"""

from __future__ import annotations

import struct

__all__ = ["Wholeness"]

_BOXES = {".mp4", ".mov", ".m4v", ".m4a", ".3gp"}
_FIRST = {b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"}
_ENDS = {".jpg": b"\xff\xd9", ".jpeg": b"\xff\xd9", ".png": b"IEND\xaeB\x60\x82"}
_HEAD, _LONG = 8, 16  # bytes of the head of a box, and of one with a long size
_UNTOLD = {0, 0xFFFFFFFF}  # what stands in the head of a sound that is being written


class Wholeness:
    """Looks at a file as it comes by, and tells in the end whether that was all of it.

    Parameters
    ----------
    extension
        Of the file, with its dot.

    Examples
    --------
    >>> seen = Wholeness(".png")
    >>> seen.feed(b"half a picture")
    >>> seen.whole, seen.size
    (False, 14)
    """

    def __init__(self, extension: str) -> None:
        self.extension = extension.lower()
        self.size = 0
        self._start, self._end = b"", b""
        self._head, self._skip, self._seen = b"", 0, set[bytes]()
        self._open = self._odd = False

    def feed(self, piece: bytes) -> None:
        """Look at the next piece."""
        if len(self._start) < _LONG:
            self._start = (self._start + piece[:_LONG])[:_LONG]
        self._end = (self._end + piece[-_LONG:])[-_LONG:]
        self.size += len(piece)
        if self.extension in _BOXES:
            self._walk(piece)

    @property
    def hopeless(self) -> bool:
        """Whether it is known before the end that the file is being written."""
        return self._open and b"moov" not in self._seen

    @property
    def whole(self) -> bool | None:
        """Whether that was all; None where the format does not tell."""
        if not self.size:
            return False
        if self.extension in _BOXES:
            if self._odd or (self._open and not self.hopeless):
                return None
            ended = not (self._skip or self._head or self._open)
            return ended and {b"moov", b"mdat"} <= self._seen
        if self.extension == ".wav":
            told = struct.unpack("<I", self._start[4:8].ljust(4, b"\0"))[0]
            if not self._start.startswith(b"RIFF") or told in _UNTOLD:
                return None
            # Some writers count the byte that makes a length even, and some do not.
            return bool(self.size >= told + 7)
        end = _ENDS.get(self.extension)
        return None if end is None else self._end.rstrip(b"\0").endswith(end)

    def _walk(self, piece: bytes) -> None:
        at = 0
        while at < len(piece) and not (self._open or self._odd):
            if self._skip:
                step = min(self._skip, len(piece) - at)
                self._skip -= step
                at += step
                continue
            wanted = _LONG if self._head[:4] == b"\0\0\0\1" else _HEAD
            step = min(wanted - len(self._head), len(piece) - at)
            self._head += piece[at : at + step]
            at += step
            if len(self._head) == wanted == _HEAD and self._head[:4] == b"\0\0\0\1":
                continue
            if len(self._head) == wanted:
                self._box(wanted)

    def _box(self, head: int) -> None:
        """Take note of a box whose head is complete."""
        size, name = struct.unpack(">I4s", self._head[:_HEAD])
        if head == _LONG:
            size = struct.unpack(">Q", self._head[_HEAD:])[0]
        if not self._seen and name not in _FIRST:
            self._odd = True
        elif size == 0:
            self._open = True
            self._seen.add(name)
        elif size < head:
            self._odd = True
        else:
            self._seen.add(name)
            self._skip = size - head
        self._head = b""
