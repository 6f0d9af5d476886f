"""Files come into the store: from where a request left them, or from an address."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from pydantic import Field

from workbench.disk import storage_error
from workbench.errors import FileGone, ParameterError, shown
from workbench.service.operations.base import Context, Operation, Parameters

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.storage.store import Store

__all__ = ["INCOMING", "OPERATIONS"]

INCOMING = "incoming"
"""The folder below the store's in which a request leaves what it sent."""

_PART = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}", re.ASCII)  # never a path, never hidden
_LIMIT = 500 << 20  # bytes of what an address leads to, where nothing else is said
_SECONDS = 120.0
_CHUNK = 1 << 20
_FETCHED = 0.9  # of the progress

MediaType = Literal["", "image", "video", "audio"]


class Adopt(Parameters):
    """A file that a request has left in the folder `INCOMING`."""

    part: str
    media_type: MediaType = ""
    name: str = Field(default="", max_length=1000)


class Fetch(Parameters):
    """A file that an address leads to."""

    url: str = Field(max_length=8000)
    media_type: MediaType = ""
    name: str = Field(default="", max_length=1000)
    limit: int = Field(default=_LIMIT, ge=1, le=1 << 40)


def _check_part(asked: Adopt, store: Store) -> None:  # noqa: ARG001 - as every check
    if not _PART.fullmatch(asked.part):
        raise ParameterError(f"{shown(asked.part)} is no name of one", subject="part")


def _adopt(asked: Adopt, context: Context) -> dict[str, Any]:
    """Move a file into the store, judged; what is no media is gone afterwards all the same."""
    _check_part(asked, context.store)
    path = context.store.folder / INCOMING / asked.part
    try:
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            kept = context.store.put(
                _pieces(file, size, context), type=asked.media_type, name=asked.name, size=size
            )
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    return {"file_id": kept.id, "size": kept.size}


def _opened(path: Path) -> BinaryIO:
    """Open a plain file; a link is none, wherever it leads."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise _lost() from None
    except OSError as error:
        if path.is_symlink():
            raise _lost() from None
        raise storage_error(error, "the upload") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise _lost()
    return os.fdopen(number, "rb")


def _lost() -> FileGone:
    return FileGone("was not kept", subject="the upload", cure="send it again")


def _pieces(file: BinaryIO, size: int, context: Context) -> Any:
    done = 0
    while piece := file.read(_CHUNK):
        yield piece
        done += len(piece)
        context.progress(min(_FETCHED, _FETCHED * done / max(1, size)))


def _check_url(asked: Fetch, store: Store) -> None:  # noqa: ARG001 - as every check
    from workbench.storage.addresses import place_of

    place_of(asked.url)


def _fetch(asked: Fetch, context: Context) -> dict[str, Any]:
    """Download a file and keep it, judged by what is in it."""
    from workbench.storage.download import download
    from workbench.storage.problems import naming

    with context.store.scratch() as folder:
        part = folder / "fetched"
        got = download(
            asked.url,
            part,
            limit=asked.limit,
            seconds=_SECONDS,
            private=context.private,
            progress=lambda share: context.progress(_FETCHED * share),
            cancel=context.cancel,
        )
        context.progress(_FETCHED)
        with naming(part, got.url):
            kept = context.store.put(part, type=asked.media_type, name=asked.name or got.name)
    return {"file_id": kept.id, "size": kept.size}


OPERATIONS = (
    Operation(name="adopt", parameters=Adopt, run=_adopt, check=_check_part, quick=True),
    Operation(name="fetch", parameters=Fetch, run=_fetch, check=_check_url, quick=True),
)
