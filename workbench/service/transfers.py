"""Files to a server and from it, in pieces, with progress; what arrives is whole or not there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.disk import storage_error
from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    MediaError,
    MediaTooLarge,
    ServiceError,
    ServiceUnreachable,
)
from workbench.service.answers import id_of, json_of
from workbench.service.forms import Form, Source
from workbench.service.wholeness import Wholeness
from workbench.service.wire import MEDIA
from workbench.storage.atomic import replacing, workspace

if TYPE_CHECKING:
    from typing import BinaryIO

    import httpx

    from workbench.progress import Report
    from workbench.service.line import Line

__all__ = ["download", "look", "read", "upload"]

_PIECE = 1 << 20
_ATTEMPTS = 4
_IN_MEMORY = 2 << 30  # bytes of a download that is not written to a file
_PART = 206
_KEPT = 300.0  # seconds in which a server keeps what was sent
_SETTLE = 1.0  # seconds between two looks at what may grow
_LOOKS = 5


async def upload(
    line: Line,
    source: bytes | Path | BinaryIO,
    *,
    media_type: str,
    name: str,
    progress: Report | None = None,
    seconds: float | None = None,
) -> str:
    """Send a file; return its id. It is read in pieces, as it is sent.

    Raises
    ------
    MediaError
        When the server kept nothing.
    DeadlineExceeded
        When it took longer than `seconds`.
    WorkbenchError
        What the server says.
    """
    fields = {"media_type": media_type} if media_type else {}
    try:
        with Source(source, progress) as sent:
            form = Form(fields, sent, name=name)
            async with asyncio.timeout(seconds):
                answer = await line.ask(
                    "POST", f"{MEDIA}/storage", body=form, once=sent.once, seconds=_KEPT
                )
    except TimeoutError:
        raise _slow("upload", seconds) from None
    except OSError as error:
        raise storage_error(error, source if isinstance(source, Path) else name) from error
    return id_of(json_of(answer), name)


async def read(
    line: Line,
    file_id: str,
    progress: Report | None = None,
    *,
    judged: bool,
    seconds: float | None = None,
) -> bytes:
    """Return the content of a file. The parameters are those of `download`.

    Raises
    ------
    MediaTooLarge
        When it is too much for memory.
    """
    try:
        with workspace() as folder:
            path = folder / f"content.{file_id.rpartition('.')[2]}"
            async with asyncio.timeout(seconds):
                await _fetch(line, file_id, path, progress, judged=judged, limit=_IN_MEMORY)
            return await asyncio.to_thread(path.read_bytes)
    except TimeoutError:
        raise _slow(file_id, seconds) from None
    except _Large:
        raise MediaTooLarge(
            f"has more than {_IN_MEMORY:,} bytes", subject=file_id, cure="download it into a file"
        ) from None


async def download(
    line: Line,
    file_id: str,
    target: Path,
    progress: Report | None = None,
    *,
    judged: bool,
    seconds: float | None = None,
) -> Path:
    """Write a file of the server's to a path, whole or not at all.

    Parameters
    ----------
    line, file_id, target, progress
        From where, what, where to, and who hears how far it is.
    judged
        Whether the content is looked at as well: an older server gives out half a file as ready.
    seconds
        In which it has to be there; None for as long as it takes.

    Raises
    ------
    MediaError
        When it is judged, and is not what it should be, or not all of it.
    DeadlineExceeded
        When it took longer.
    """
    try:
        with replacing(target) as part:
            async with asyncio.timeout(seconds):
                await _fetch(line, file_id, part, progress, judged=judged)
    except TimeoutError:
        raise _slow(file_id, seconds) from None
    except OSError as error:
        raise storage_error(error, target) from error
    return target


async def look(line: Line, file_id: str) -> Wholeness:
    """Return what a file of the server's is like as it comes by; nothing of it is kept."""
    seen = Wholeness(f".{file_id.rpartition('.')[2]}")
    async with line.stream(f"{MEDIA}/storage/{file_id}") as answer:
        async for piece in answer.aiter_raw():
            seen.feed(piece)
            if seen.hopeless:
                break
    return seen


async def _fetch(
    line: Line,
    file_id: str,
    path: Path,
    progress: Report | None,
    *,
    judged: bool,
    limit: int | None = None,
) -> None:
    """Write all of a file; where that is judged, again until all of it is there."""
    from workbench.media.kinds import kind_of

    size = -1
    for attempt in range(_LOOKS):
        seen = await _once(line, file_id, path, progress, limit)
        if not judged or seen.whole or (seen.whole is None and seen.size == size):
            break
        size = seen.size
        if attempt < _LOOKS - 1:
            await asyncio.sleep(_SETTLE)
    else:
        raise FileGone(
            f"is not ready: only {size:,} bytes of it are there",
            subject=file_id,
            cure="wait for it",
        )
    kind = file_id.partition("_")[0]
    if judged and kind != "tmp":
        try:
            await asyncio.to_thread(kind_of, path, kind, file_id)
        except MediaError as error:  # of a file that has another name in the end
            raise MediaError(error.problem, subject=file_id, cure=error.cure) from error


async def _once(
    line: Line, file_id: str, path: Path, progress: Report | None, limit: int | None
) -> Wholeness:
    """Write all of a file, beginning again or going on where the connection breaks."""
    import httpx

    done, going_on = 0, False
    for attempt in range(1, _ATTEMPTS + 1):
        headers = {"Range": f"bytes={done}-"} if done and going_on else {}
        try:
            async with line.stream(f"{MEDIA}/storage/{file_id}", headers) as answer:
                part = answer.status_code == _PART and _begins(answer) == done
                going_on = part or answer.headers.get("accept-ranges") == "bytes"
                await _write(answer, path, done if part else 0, progress, limit)
            break
        except ServiceUnreachable:
            if attempt == _ATTEMPTS:
                raise
        except ServiceError:
            if not headers:
                raise
            going_on = False  # it may be the part that is refused
        except httpx.TransportError as error:
            if attempt == _ATTEMPTS:
                raise ServiceError(
                    f"broke off {_ATTEMPTS} times ({type(error).__name__})", subject=file_id
                ) from None
        done = _size(path)
        await asyncio.sleep(0.1 * 2**attempt)
    if progress is not None:
        progress(1.0)
    return await asyncio.to_thread(_seen, path, file_id)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _seen(path: Path, file_id: str) -> Wholeness:
    seen = Wholeness(f".{file_id.rpartition('.')[2]}")
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            seen.feed(piece)
    return seen


def _begins(answer: httpx.Response) -> int:
    """Return where the part begins that an answer brings."""
    _, _, place = answer.headers.get("content-range", "").partition("bytes ")
    first = place.partition("-")[0]
    return int(first) if first.isdigit() else -1


async def _write(
    answer: httpx.Response, path: Path, done: int, progress: Report | None, limit: int | None
) -> None:
    length: str = answer.headers.get("content-length", "")
    whole = done + int(length) if length.isdigit() else None
    most = 1 << 62 if limit is None else limit
    if (whole or 0) > most:
        raise _Large
    with path.open("r+b" if done else "wb") as file:
        file.seek(done)
        file.truncate()
        async for piece in answer.aiter_raw():
            file.write(piece)
            done += len(piece)
            if done > most:
                raise _Large
            if progress is not None and whole:
                progress(min(1.0, done / whole))


class _Large(Exception):
    """A file is more than fits in memory."""


def _slow(subject: str, seconds: float | None) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"was not there in {seconds or 0:g} s", subject=subject, cure="give it a longer timeout"
    )
