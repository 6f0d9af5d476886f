"""The form in which a file is sent: in pieces, read in a thread, its length told where known."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workbench.errors import MediaError, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from workbench.progress import Report

__all__ = ["Form", "Source"]

_PIECE = 1 << 20


class Source:
    """What is sent: bytes, a file or a stream. It is open while the block runs.

    Parameters
    ----------
    given
        The thing; a stream stays open, and is read from where it stands.
    progress
        Called with the part that has been read, 0 to 1, where the size is known.

    Raises
    ------
    MediaError
        When it is none of these.
    """

    def __init__(self, given: bytes | Path | BinaryIO, progress: Report | None = None) -> None:
        if not isinstance(given, bytes | Path) and not hasattr(given, "read"):
            raise MediaError("is neither bytes, nor a file, nor a stream", subject="upload")
        self._given, self._progress = given, progress
        self._stream: BinaryIO | None = None
        self._start: int | None = 0
        self.size: int | None = None

    def __enter__(self) -> Source:
        given = self._given
        if isinstance(given, bytes):
            self._stream = io.BytesIO(given)
        elif isinstance(given, Path):
            self._stream = given.open("rb")
        else:
            self._stream = given
        self._start = _place(self._stream)
        if self._start is not None:
            end = self._stream.seek(0, os.SEEK_END)
            self.size = max(0, end - self._start)
            self._stream.seek(self._start)
        return self

    def __exit__(self, *told: object) -> None:
        if self._stream is not None and self._stream is not self._given:
            self._stream.close()

    @property
    def once(self) -> bool:
        """Whether it can be read once only."""
        return self._start is None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield it from its beginning.

        Raises
        ------
        StorageError
            When there is less of it than there was.
        """
        assert self._stream is not None  # noqa: S101 - it is open
        stream, done = self._stream, 0
        if self._start is not None:
            stream.seek(self._start)
        while self.size is None or done < self.size:
            want = _PIECE if self.size is None else min(_PIECE, self.size - done)
            piece = await asyncio.to_thread(stream.read, want)  # a pipe may let one wait
            if not piece:
                break
            done += len(piece)
            yield piece
            if self._progress is not None and self.size:
                self._progress(done / self.size)
        if self.size is not None and done < self.size:
            raise StorageError("became shorter while it was sent", subject="upload")
        if self._progress is not None and not self.size:
            self._progress(1.0)


def _place(stream: BinaryIO) -> int | None:
    """Return where a stream stands; None for one that cannot go back there."""
    try:
        place = stream.tell() if stream.seekable() else None
        return None if place is None else stream.seek(place)
    except (OSError, AttributeError, ValueError):
        return None


class Form:
    """A multipart form with one file.

    Parameters
    ----------
    fields
        Its fields.
    field, name
        The field of the file, and what it is called.
    source
        Its content.
    """

    def __init__(
        self, fields: Mapping[str, str], source: Source, *, name: str, field: str = "file"
    ) -> None:
        mark = secrets.token_hex(16)
        head = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        # Nobody needs the odd letters of a name.
        safe = "".join(c if c.isprintable() and c not in '"\\/' else "_" for c in name)[-150:]
        head += (
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; '
            f'filename="{safe or "file"}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        self._head, self._tail = head.encode(), f"\r\n--{mark}--\r\n".encode()
        self._mark, self._source = mark, source

    def __call__(self) -> tuple[dict[str, str], AsyncIterator[bytes]]:
        """Return the headers and the pieces, for one attempt at sending them."""
        headers = {"Content-Type": f"multipart/form-data; boundary={self._mark}"}
        if self._source.size is not None:
            length = len(self._head) + self._source.size + len(self._tail)
            headers["Content-Length"] = str(length)
        return headers, self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield self._head
        async for piece in self._source.pieces():
            yield piece
        yield self._tail
