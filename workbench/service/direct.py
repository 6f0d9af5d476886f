"""Operations of a server that answer when they are done, and have no job to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import MediaError, ServiceError
from workbench.service import older
from workbench.service.answers import json_of, media_info
from workbench.service.transfers import upload
from workbench.service.wire import MEDIA, file_id, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.service.line import Line

__all__ = ["LONG", "answered", "frame", "posted", "url_of"]

LONG = 3600.0
"""Seconds in which such an operation may answer, where a call says nothing else."""


async def answered(line: Line, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Return the result of an operation.

    Raises
    ------
    ServiceError
        When the server has no such operation, or its answer is none.
    WorkbenchError
        What the server says.
    """
    fields, ours = dict(parameters), await line.ours()
    if not ours and operation in {"transcribe", "voices"}:
        return await {"transcribe": older.hear, "voices": older.voices}[operation](line, fields)
    if operation == "extract_frame":
        picture = await frame(line, fields["video_id"], fields.get("timestamp", 1.0))
        return await _kept(line, picture)
    if not ours and operation == "extract_frames" and fields.get("video_id"):
        # It reads any address, its own too.
        fields["url"] = url_of(line, fields.pop("video_id"))
    if operation == "stitch_images":
        if not ours:
            ids = fields.pop("image_ids", None) or ()
            fields["image_urls"] = [*fields.get("image_urls", ()), *(url_of(line, i) for i in ids)]
        asked = request(operation, fields, ours=ours)
        picture = (await line.ask("POST", asked.path, fields=asked.fields, seconds=LONG)).content
        return await _kept(line, picture)
    told = await posted(line, operation, fields)
    if operation == "info":
        return media_info(told, str(fields["file_id"]))
    if operation == "extract_frames":
        return older.frames(told)
    if not isinstance(told, dict):
        raise ServiceError("answered what nobody understands", subject=operation)
    return told


async def posted(line: Line, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Return the JSON with which the server answers."""
    asked = request(operation, parameters, ours=await line.ours())
    if asked.method == "POST":
        answer = await line.ask("POST", asked.path, fields=asked.fields, seconds=LONG)
    else:
        answer = await line.ask("GET", asked.path, query=asked.fields or None, seconds=LONG)
    return json_of(answer)


async def frame(line: Line, video_id: str, timestamp: float) -> bytes:
    """Return the picture at so many seconds of a video, as a JPEG."""
    path = f"{MEDIA}/video-tools/extract-frame/{file_id(video_id)}"
    answer = await line.ask("GET", path, query={"timestamp": timestamp}, seconds=LONG)
    return _picture(answer.content, video_id)


def url_of(line: Line, name: str) -> str:
    """Return where a file of the server can be read."""
    return f"{line.url}{MEDIA}/storage/{file_id(name)}"


async def _kept(line: Line, picture: bytes) -> dict[str, Any]:
    """Keep the picture that the wire gives back as bytes."""
    kept = await upload(line, _picture(picture, "picture"), media_type="image", name="picture.jpg")
    return {"file_id": kept}


def _picture(content: bytes, subject: str) -> bytes:
    """Return what should be a JPEG.

    Raises
    ------
    MediaError
        When it is none: one server says 200 and sends an error.
    """
    if not content.startswith(b"\xff\xd8"):
        raise MediaError("was answered with what is no picture", subject=subject)
    return content
