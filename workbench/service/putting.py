"""Files of this machine into a store of this machine, with progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from workbench.progress import Report
    from workbench.storage.store import Store, StoredFile

__all__ = ["named", "pieces", "put"]

_PIECE = 1 << 20


def put(
    store: Store,
    source: bytes | Path | BinaryIO,
    media_type: str,
    name: str,
    progress: Report | None,
) -> StoredFile:
    """Keep a file in a store, and tell how much of it is there.

    Raises
    ------
    MediaNotFound
        When there is no such file.
    WorkbenchError
        What the store finds.
    """
    if isinstance(source, bytes):
        return store.put(source, type=media_type, name=name, size=len(source))
    if isinstance(source, Path):
        from workbench.media.limits import existing

        file = existing(source)
        size = file.stat().st_size
        with file.open("rb") as stream:
            sent = pieces(stream, size, progress)
            return store.put(sent, type=media_type, name=name or file.name, size=size)
    sent = pieces(source, 0, progress)
    return store.put(sent, type=media_type, name=name or named(source))


def pieces(stream: BinaryIO, size: int, progress: Report | None) -> Iterator[bytes]:
    """Yield a stream in pieces, and report how much of it has been."""
    done = 0
    while piece := stream.read(_PIECE):
        yield piece
        done += len(piece)
        if progress is not None and size:
            progress(min(1.0, done / size))


def named(source: object) -> str:
    """Return what a path or a stream is called, without the folders around it; empty for none.

    Examples
    --------
    >>> named(Path("takes/one.wav")), named(b"RIFF")
    ('one.wav', '')
    """
    found = getattr(source, "name", "")  # a number for some streams
    return Path(found).name if isinstance(found, str) else ""
