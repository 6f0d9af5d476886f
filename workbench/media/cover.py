"""The cover of a book, as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import MediaError
from workbench.media.limits import DEFAULT_LIMITS, Limits
from workbench.media.stills import load
from workbench.storage.atomic import replacing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_cover"]

_BEGINNINGS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"RIFF": ".webp", b"GIF8": ".gif"}


def write_cover(picture: bytes, book: Path, *, limits: Limits = DEFAULT_LIMITS) -> Path:
    """Write a cover beside a book, as ``book.cover.jpg``, and return its path.

    Parameters
    ----------
    picture
        The file of a picture, as an EPUB holds it.
    book
        The book's own file; it need not be there yet.
    limits
        What the picture may be at most.

    Raises
    ------
    MediaError
        When it is no picture, or over the limits. Nothing stays then.
    StorageError
        When it cannot be written.
    """
    suffix = next((kind for mark, kind in _BEGINNINGS.items() if picture.startswith(mark)), "")
    if not suffix:
        raise MediaError("is no JPEG, PNG, WebP or GIF picture", subject="cover")
    path = book.absolute().with_name(f"{book.stem}.cover{suffix}")
    try:
        with replacing(path) as part:
            part.write_bytes(picture)
            load(part, limits)
    except OSError as error:
        raise storage_error(error, path) from error
    return path
