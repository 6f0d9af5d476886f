"""A file over HTTP: all of it or a part, read beside the event loop, never short of what was said.

The old server read on the loop, named no length, and cut a file short when it was deleted.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, BinaryIO

from fastapi.responses import Response, StreamingResponse

from workbench.errors import FileGone, ParameterError, StorageError
from workbench.service.backend import failure
from workbench.service.runtime import ENDED
from workbench.service.server.refusals import answer, body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import Request

    from workbench.service.runtime import Runtime
    from workbench.storage.ids import FileId

__all__ = ["content", "sent", "stream"]

_PIECE = 1 << 20
_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)
_KIND = "application/octet-stream"


async def sent(runtime: Runtime, request: Request, name: FileId) -> Response:
    """Return the answer to a request for a file.

    Raises
    ------
    FileGone
        When it is not there, or not whole yet.
    WorkbenchError
        When the job that was to make it failed.
    """
    await _whole(runtime, str(name))

    def opened() -> tuple[BinaryIO, int]:
        handle = runtime.store.open(name)
        try:
            return handle, handle.seek(0, os.SEEK_END)
        except BaseException:
            handle.close()
            raise

    file, size = await runtime.thread(opened)
    etag = f'"{name.key}-{size}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        # The id and nothing that somebody else has called it.
        "Content-Disposition": f'attachment; filename="{name.key}{name.extension}"',
        "X-Content-Type-Options": "nosniff",
    }
    first, last, status = 0, size - 1, 200
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range", etag) == etag:
        part = _part(asked, size)
        if part is not None and part[0] > part[1]:
            await runtime.thread(file.close)
            error = ParameterError(f"is not within the {size:,} bytes", subject="Range")
            return answer(body_of(error), 416, {**headers, "Content-Range": f"bytes */{size}"})
        if part is not None:
            (first, last), status = part, 206
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    if request.method == "HEAD":
        await runtime.thread(file.close)
        headers["Content-Length"] = str(last - first + 1)
        return Response(None, status, headers, _KIND)
    return stream(runtime, file, first, last - first + 1, status=status, headers=headers)


def stream(
    runtime: Runtime,
    file: BinaryIO,
    first: int,
    size: int,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    kind: str = _KIND,
) -> Response:
    """Return an answer that sends a part of an open file, and closes it."""
    about = {**(headers or {}), "Content-Length": str(size)}
    return StreamingResponse(_pieces(runtime, file, first, size), status, about, kind)


async def content(runtime: Runtime, file_id: str) -> bytes:
    """Return what is in a file that was made for one answer, and delete it."""
    try:
        found: bytes = await runtime.copy(runtime.store.get, file_id)
        return found
    finally:
        await runtime.delete(file_id)


async def _whole(runtime: Runtime, file_id: str) -> None:
    job = await runtime.find(file_id)
    if job is not None and job.state not in ENDED:
        raise FileGone("is not ready yet", subject=file_id, cure="wait for its status")
    if job is not None and job.state != "done":
        raise failure(job)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range; None to send all, as RFC 9110 has it.

    The last is before the first where the file has no such part.

    Examples
    --------
    >>> _part("bytes=0-", 10), _part("bytes=-3", 10), _part("bytes=4-99", 10)
    ((0, 9), (7, 9), (4, 9))
    >>> _part("bytes=10-", 10), _part("bytes=-0", 10)
    ((10, 9), (10, 9))
    >>> _part("bytes=9-3", 10), _part("bytes=0-1,3-4", 10), _part("lines=1-2", 10)
    (None, None, None)
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1
    first = int(match[1])
    if match[2] and int(match[2]) < first:
        return None
    return (first, min(int(match[2]), size - 1)) if match[2] else (first, size - 1)


async def _pieces(runtime: Runtime, file: BinaryIO, start: int, left: int) -> AsyncIterator[bytes]:
    """Yield a part of an open file; what is deleted meanwhile is still read to its end."""
    try:
        await runtime.thread(file.seek, start)
        while left > 0:
            piece: bytes = await runtime.copy(file.read, min(_PIECE, left))
            if not piece:  # the connection is broken off: what came is not the whole
                raise StorageError("is shorter than it was", subject="the file")
            left -= len(piece)
            yield piece
    finally:
        file.close()
