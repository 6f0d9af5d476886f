"""Files: in, out, their state, and their end."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse

from workbench.errors import FileGone, ParameterError
from workbench.service.backend import failure, status_of
from workbench.service.runtime import ENDED
from workbench.service.server.asking import Running, given
from workbench.service.server.refusals import body_of
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import BinaryIO

    from workbench.service.jobs import Job
    from workbench.service.runtime import Runtime

__all__ = ["router", "standing", "sweep_incoming", "take"]

router = APIRouter(prefix="/api/v1/media", tags=["storage"])

_PIECE = 1 << 20
_LONGEST_WAIT = 60.0
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_OLD = 3600.0  # seconds after which what a request left is of nobody

MediaType = Literal["image", "video", "audio"]


@router.post("/storage")
async def upload(
    runtime: Running,
    media_type: Annotated[
        MediaType | None, Form(description="What it has to be; absent for what it is found to be.")
    ] = None,
    file: Annotated[UploadFile | None, Form(description="The file; it wins over the URL.")] = None,
    url: Annotated[
        str | None, Form(description="An http or https address of the public internet.")
    ] = None,
) -> dict[str, Any]:
    """Keep a file, and answer its id.

    Type and extension are those of its content. Without a file and without a URL the older server
    answered ``null``; here that is an error.
    """
    if file is not None and (file.filename or file.size):
        part = await take(runtime, file)
        asked = {"part": part, "media_type": media_type, "name": (file.filename or "")[-1000:]}
        told = await runtime.call("adopt", given(asked))
    elif url:
        limit = runtime.settings.upload_limit
        fields = {"url": url, "media_type": media_type, "limit": limit}
        told = await runtime.call("fetch", given(fields))
    else:
        raise ParameterError(
            "neither a file nor a URL was sent", subject="file", cure="send one of them"
        )
    return {"file_id": told["file_id"]}


async def take(runtime: Runtime, file: UploadFile) -> str:
    """Leave what was sent where a worker finds it."""
    part = secrets.token_hex(16)
    folder = runtime.store.folder / "incoming"

    def copy() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(file.file, target, _PIECE)

    try:
        await runtime.thread(copy)
    except BaseException:
        (folder / part).unlink(missing_ok=True)
        raise
    return part


def sweep_incoming(runtime: Runtime) -> None:
    """Remove what requests left that nobody took."""
    import time

    with contextlib.suppress(OSError), os.scandir(runtime.store.folder / "incoming") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                state = entry.stat(follow_symlinks=False)
                if time.time() - state.st_mtime > _OLD:
                    os.unlink(entry.path)  # noqa: PTH108 - a DirEntry, not a Path


@router.get("/storage")
async def files(runtime: Running, media_type: MediaType | None = None) -> dict[str, Any]:
    """List what is kept, the oldest first."""
    found = await runtime.thread(runtime.store.list, media_type or "")
    return {
        "data": [
            {
                "file_id": one.id,
                "type": one.type,
                "size": one.size,
                "created": one.created,
                "name": one.name,
            }
            for one in found
        ]
    }


@router.api_route("/storage/{file_id}", methods=["GET", "HEAD"])
async def download(runtime: Running, request: Request, file_id: str) -> Response:
    """Send a file, or the part of it that ``Range`` asks for."""
    name = FileId.parse(file_id)
    await ready(runtime, str(name))

    def opened() -> tuple[BinaryIO, int]:
        handle = runtime.store.open(name)
        return handle, handle.seek(0, os.SEEK_END)

    file, size = await runtime.thread(opened)
    etag = f'"{name.key}-{size}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": f'attachment; filename="{name.key}{name.extension}"',
        "X-Content-Type-Options": "nosniff",
    }
    first, last, status = 0, size - 1, 200
    asked = request.headers.get("range")
    if asked and request.headers.get("if-range", etag) == etag:
        part = _part(asked, size)
        if part is None:
            file.close()
            return JSONResponse(
                body_of(ParameterError("is not a part of the file", subject="Range")),
                416,
                {"Content-Range": f"bytes */{size}"},
            )
        first, last = part
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        file.close()
        return Response(None, status, headers, "application/octet-stream")
    body = _pieces(runtime, file, first, last - first + 1)
    return StreamingResponse(body, status, headers, "application/octet-stream")


async def ready(runtime: Runtime, file_id: str) -> None:
    """Refuse a file that is not whole, and say why.

    Raises
    ------
    FileGone
        When it is not there, or not yet.
    WorkbenchError
        When the job that was to make it failed.
    """
    job = await runtime.find(file_id)
    if job is not None and job.state not in ENDED:
        raise FileGone("is not ready yet", subject=file_id, cure="wait for its status")
    if job is not None and job.state != "done":
        raise failure(job)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range, None when it cannot be given.

    Examples
    --------
    >>> _part("bytes=0-", 10), _part("bytes=-3", 10), _part("bytes=4-5", 10), _part("bytes=9-3", 10)
    ((0, 9), (7, 9), (4, 5), None)
    """
    match = _RANGE.fullmatch(asked)
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
    return (first, last) if first <= last and first < size else None


async def _pieces(runtime: Runtime, file: BinaryIO, start: int, left: int) -> AsyncIterator[bytes]:
    """Yield a part of an open file; what is deleted meanwhile is still read to its end."""
    try:
        await runtime.thread(file.seek, start)
        while left > 0:
            piece: bytes = await runtime.thread(file.read, min(_PIECE, left))
            if not piece:
                raise OSError("the file is shorter than it was")  # breaks the connection off
            left -= len(piece)
            yield piece
    finally:
        file.close()


@router.delete("/storage/{file_id}")
async def delete(runtime: Running, file_id: str) -> dict[str, Any]:
    """Delete a file, and stop the job that makes it. One that is not there is deleted already."""
    there = await runtime.delete(str(FileId.parse(file_id)))
    return {"status": "success", "deleted": there}


@router.get("/storage/{file_id}/status")
async def status(
    runtime: Running,
    file_id: str,
    wait: Annotated[
        float,
        Query(ge=0, le=_LONGEST_WAIT, description="Seconds in which it may end before the answer."),
    ] = 0.0,
) -> dict[str, Any]:
    """Say how a file is doing: ``processing``, ``ready``, ``failed`` or ``not_found``.

    ``progress`` is 0 to 100; ``error`` is the reason of a failure.
    """
    name = str(FileId.parse(file_id))
    job = await (runtime.wait(name, wait) if wait else runtime.find(name))
    return standing(job)


def standing(job: Job | None) -> dict[str, Any]:
    """Return what the wire says of a job."""
    if job is None:
        return {"status": "not_found"}
    found = status_of(job)
    told: dict[str, Any] = {
        "status": found.status,
        "progress": round(100 * (found.progress or 0.0), 1),
        "state": found.state,
    }
    if found.error is not None:
        told |= body_of(found.error)
    if job.state == "done":
        told["result"] = job.result
    return told
