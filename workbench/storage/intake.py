"""Bytes that come in: from memory, a stream or a file, counted while they are written."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from workbench.errors import MediaNotFound, MediaTooLarge, QuotaExceeded, StorageError
from workbench.storage.problems import free_bytes, full, trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Bounds", "blocks", "known_size", "pour"]

_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much may come in.

    Parameters
    ----------
    limit
        Bytes a file may have, None for any number.
    room
        Bytes the quota leaves, None without a quota.
    size
        Bytes there will be, None when nobody knows.
    subject
        What it is called in an error.
    """

    limit: int | None = None
    room: int | None = None
    size: int | None = None
    subject: str = ""

    def check(self, size: int) -> None:
        """Raise `MediaTooLarge` or `QuotaExceeded` when so many bytes are too many."""
        if self.limit is not None and size > self.limit:
            raise MediaTooLarge(
                f"has more than the {self.limit:,} bytes that a file may have",
                subject=self.subject,
                cure="make it smaller",
            )
        if self.room is not None and size > self.room:
            needed = size if self.size is None else max(size, self.size)
            raise QuotaExceeded(
                f"needs {needed:,} bytes, and the quota of the store leaves {max(0, self.room):,}",
                subject=self.subject,
                cure="delete files that are not needed any more",
            )


def known_size(source: object) -> int | None:
    """Return how many bytes a source has, None when that is not known before they are read."""
    if isinstance(source, bytes | bytearray | memoryview):
        return memoryview(source).nbytes
    if isinstance(source, str | Path):
        try:
            return Path(source).stat().st_size
        except (OSError, ValueError):  # opening it says what is wrong
            return None
    try:  # what can be wound back can be measured
        here = source.tell()  # type: ignore[attr-defined]
        end = source.seek(0, os.SEEK_END)  # type: ignore[attr-defined]
        source.seek(here)  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None
    return int(end) - int(here)


def pour(source: Iterable[bytes], target: Path, folder: Path, bounds: Bounds) -> int:
    """Write what comes in to a new file; return how many bytes it was.

    Parameters
    ----------
    source
        The bytes, block by block.
    target
        The file, which must not be there.
    folder
        Whose disk is asked for its free space.
    bounds
        How much may come in.

    Raises
    ------
    MediaTooLarge, QuotaExceeded, StorageFull
        Before the first byte where the size is known, else before the first one too many.
    StorageError
        When fewer bytes came than were announced, or they cannot be written.
    """
    if bounds.size is not None:
        bounds.check(bounds.size)
        free = free_bytes(folder)
        if free is not None and bounds.size > free:
            raise full(bounds.subject, bounds.size, free)
    written = 0
    try:
        file = target.open("xb", buffering=0)
    except OSError as error:
        raise trouble(error, bounds.subject, folder, needed=bounds.size or 0) from error
    with file:
        for block in source:
            written += len(block)
            bounds.check(written)
            try:
                view = memoryview(block)
                while view.nbytes:  # a disk that is nearly full takes less than it is given
                    view = view[file.write(view) :]
            except OSError as error:
                needed = max(written, bounds.size or 0)
                raise trouble(error, bounds.subject, folder, needed=needed) from error
    if bounds.size is not None and written != bounds.size:
        raise StorageError(
            f"ended after {written:,} of {bounds.size:,} bytes",
            subject=bounds.subject,
            cure="send it again",
        )
    return written


def blocks(source: bytes | Path | BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a source in pieces of at most a mebibyte.

    Raises
    ------
    MediaNotFound
        When it is a path at which there is no plain file.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        yield from _read(io.BytesIO(source))
    elif isinstance(source, str | Path):
        with _plain(Path(source)) as file:
            yield from _read(file)
    elif hasattr(source, "read"):
        yield from _read(cast("BinaryIO", source))
    else:
        for block in source:
            yield from _read(io.BytesIO(block)) if len(block) > _BLOCK else (block,)


def _read(file: BinaryIO) -> Iterator[bytes]:
    try:
        while block := file.read(_BLOCK):
            yield block
    except OSError as error:
        raise StorageError(
            f"cannot be read to its end: {error.strerror or type(error).__name__}",
            subject="what is to be stored",
        ) from error


def _plain(path: Path) -> BinaryIO:
    """Return a file opened for reading; one that would never end is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise MediaNotFound(
            "there is no such file that can be read", subject=str(path), cure="check the path"
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise MediaNotFound("is not a plain file", subject=str(path), cure="give the file itself")
    return os.fdopen(handle, "rb")
