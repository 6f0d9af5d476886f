"""Files: in, out, their state, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from workbench.errors import ParameterError
from workbench.service.backend import status_of
from workbench.service.server.asking import Asked, Running, answers, is_sent
from workbench.service.server.incoming import adopted
from workbench.service.server.refusals import body_of
from workbench.service.server.sending import sent
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from workbench.ledger import Job

__all__ = ["LONGEST_WAIT", "router", "standing"]

router = APIRouter(prefix="/api/v1/media", tags=["storage"])

LONGEST_WAIT = 60.0
MediaType = Literal["image", "video", "audio"]
_ID = "image_0b5f3a0e-7c1d-4d6e-9d1b-1f2a3b4c5d6e.png"
_FILE = {"file_id": _ID, "type": "image", "size": 20480, "created": 1764268800.0, "name": "a.png"}
_FAILED = {
    "status": "failed",
    "progress": 40.0,
    "state": "failed",
    "error": "voice: has nothing to speak",
    "code": "text",
    "subject": "voice",
    "problem": "has nothing to speak",
    "cure": "",
}


@router.post("/storage", responses=answers({"file_id": _ID}))
async def upload(
    asked: Asked,
    media_type: Annotated[
        MediaType | None,
        Form(
            description="What it has to be; absent for what it is found to be.", examples=["image"]
        ),
    ] = None,
    file: Annotated[UploadFile | None, File(description="The file; it wins over the URL.")] = None,
    url: Annotated[
        str | None,
        Form(
            description="An http or https address of the public internet.",
            examples=["https://example.com/a.png"],
        ),
    ] = None,
) -> dict[str, Any]:
    """Keep a file, and answer its id.

    Type and extension are those of its content, not of its name. Without a file and without a URL
    the older server answered ``null`` and 200; here that is an error, 400.
    """  # fmt: skip
    if file is not None and is_sent(file):
        return {"file_id": await adopted(asked, file, media_type)}
    if not url:
        raise ParameterError(
            "neither a file nor a URL was sent", subject="file", cure="send one of them"
        )
    limit = asked.runtime.settings.upload_limit
    told = await asked.call("fetch", {"url": url, "media_type": media_type, "limit": limit})
    return {"file_id": told["file_id"]}


@router.get("/storage", responses=answers({"data": [_FILE]}))
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


@router.head("/storage/{file_id}", responses=answers(kind="application/octet-stream"))
@router.get("/storage/{file_id}", responses=answers(kind="application/octet-stream"),
            response_class=Response)  # fmt: skip
async def download(runtime: Running, request: Request, file_id: str) -> Response:
    """Send a file, or the part of it that ``Range`` asks for."""
    return await sent(runtime, request, FileId.parse(file_id))


@router.delete("/storage/{file_id}", responses=answers({"status": "success", "deleted": True}))
async def delete(runtime: Running, file_id: str) -> dict[str, Any]:
    """Delete a file, and stop the job that makes it. One that is not there is deleted already."""
    there = await runtime.delete(str(FileId.parse(file_id)))
    return {"status": "success", "deleted": there}


@router.get("/storage/{file_id}/status", responses=answers(_FAILED))
async def status(
    runtime: Running,
    file_id: str,
    wait: Annotated[
        float,
        Query(ge=0, le=LONGEST_WAIT, description="Seconds in which it may end before the answer."),
    ] = 0.0,
) -> dict[str, Any]:
    """Say how a file is doing: ``processing``, ``ready``, ``failed`` or ``not_found``.

    ``progress`` is 0 to 100; ``error`` is the reason of a failure.
    """
    name = str(FileId.parse(file_id))
    return standing(await (runtime.wait(name, wait) if wait else runtime.find(name)))


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
