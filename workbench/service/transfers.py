"""Files to a server and from it, in pieces, with progress; what arrives is whole or not there."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.errors import (
    MediaError,
    MediaTooLarge,
    ServiceError,
    ServiceUnreachable,
    WorkbenchError,
    storage_error,
)
from workbench.service.answers import error_of, json_of
from workbench.service.wire import MEDIA
from workbench.storage.atomic import replacing, workspace

if TYPE_CHECKING:
    import httpx

    from workbench.progress import Report
    from workbench.service.line import Line

__all__ = ["download", "read", "upload"]

_PIECE = 1 << 20
_ATTEMPTS = 4
_IN_MEMORY = 1 << 31  # bytes of a download that is not written to a file


class _Told(io.RawIOBase):
    """A stream that tells how much of it has been read."""

    def __init__(self, stream: BinaryIO, size: int | None, progress: Report | None) -> None:
        super().__init__()
        self._stream, self._size, self._progress, self._done = stream, size, progress, 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._done += len(piece)
        if self._progress is not None and self._size:
            self._progress(min(1.0, self._done / self._size))
        return piece

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._size is not None

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


async def upload(
    line: Line,
    source: bytes | Path | BinaryIO,
    *,
    media_type: str,
    name: str,
    progress: Report | None,
) -> str:
    """Send a file; return its id. It is read in pieces, and sent once.

    Raises
    ------
    MediaError
        When the server kept nothing.
    WorkbenchError
        What the server says.
    """
    if isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                told = _Told(stream, size, progress)
                return await _send(line, told, media_type, name or source.name)
        except OSError as error:
            raise storage_error(error, source) from error
    if isinstance(source, bytes):
        told = _Told(io.BytesIO(source), len(source), progress)
        return await _send(line, told, media_type, name or "file")
    return await _send(line, _Told(source, None, progress), media_type, name or "file")


async def _send(line: Line, stream: _Told, media_type: str, name: str) -> str:
    fields = {"media_type": media_type} if media_type else {}
    # What it is called says nothing to the server, and may hold anything.
    safe = "".join(c if c.isprintable() and c not in '"\\\r\n' else "_" for c in name)[-200:]
    answer = await line.ask(
        "POST", f"{MEDIA}/storage", fields=fields, file=("file", (safe, stream)), seconds=300
    )
    told = json_of(answer)
    if not isinstance(told, dict) or not told.get("file_id"):  # v0.3.5 says null, with 200
        raise MediaError("was not kept by the server", subject=name)
    return str(told["file_id"])


async def read(line: Line, file_id: str, progress: Report | None) -> bytes:
    """Return the content of a file.

    Raises
    ------
    MediaTooLarge
        When it is too much for memory.
    """
    with workspace() as folder:
        path = folder / "content"
        await _fetch(line, file_id, path, progress, limit=_IN_MEMORY)
        return path.read_bytes()


async def download(
    line: Line, file_id: str, target: Path, progress: Report | None, *, judged: bool
) -> Path:
    """Write a file of the server's to a path, whole or not at all.

    Parameters
    ----------
    line, file_id, target, progress
        From where, what, where to, and who hears how far it is.
    judged
        Whether the content is looked at as well: an older server gives out half a file as ready.
    """
    try:
        with replacing(target) as part:
            await _fetch(line, file_id, part, progress)
            if judged:
                from workbench.media.kinds import kind_of

                kind = file_id.partition("_")[0]
                await asyncio.to_thread(kind_of, part, kind, file_id)
    except OSError as error:
        raise storage_error(error, target) from error
    return target


async def _fetch(
    line: Line, file_id: str, path: Path, progress: Report | None, *, limit: int | None = None
) -> None:
    """Write all of a file, beginning again or going on where the connection breaks."""
    import httpx

    version, done = "", 0
    for attempt in range(1, _ATTEMPTS + 1):
        done = _size(path) if version else 0
        headers = {"Range": f"bytes={done}-", "If-Range": version} if done else {}
        try:
            async with line.stream(f"{MEDIA}/storage/{file_id}", headers) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise error_of(answer, file_id)
                version = _version(answer)
                done = done if answer.status_code == 206 else 0  # noqa: PLR2004 - a part of it
                await _write(answer, path, done, progress, limit)
                return
        except MediaTooLarge as error:
            error.subject = file_id
            raise
        except (httpx.TransportError, ServiceUnreachable, _Short) as error:
            if attempt == _ATTEMPTS:
                if isinstance(error, WorkbenchError):
                    raise
                raise ServiceError(
                    f"broke off {_ATTEMPTS} times ({type(error).__name__})", subject=file_id
                ) from None
            await asyncio.sleep(0.1 * 2**attempt)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _Short(Exception):
    """A body that ended before its time."""


def _version(answer: httpx.Response) -> str:
    """Return what says that it is still the same file, where parts of it can be asked for."""
    if answer.headers.get("accept-ranges") != "bytes" and answer.status_code != 206:  # noqa: PLR2004
        return ""
    found: str = answer.headers.get("etag", "")
    return "" if found.startswith("W/") else found


async def _write(
    answer: httpx.Response,
    path: Path,
    done: int,
    progress: Report | None,
    limit: int | None,
) -> None:
    length: Any = answer.headers.get("content-length", "")
    whole = done + int(length) if length.isdigit() else None
    if limit is not None and whole is not None and whole > limit:
        raise MediaTooLarge(f"has {whole:,} bytes", cure="download it into a file")
    with path.open("r+b" if done else "wb") as file:
        file.seek(done)
        file.truncate()
        async for piece in answer.aiter_raw(_PIECE):
            file.write(piece)
            done += len(piece)
            if limit is not None and done > limit:
                raise MediaTooLarge(
                    f"has more than {limit:,} bytes", cure="download it into a file"
                )
            if progress is not None and whole:
                progress(min(1.0, done / whole))
    if whole is not None and done != whole:
        raise _Short
