"""The work of a `MediaService` on a server, ours or the older one with its faults."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    DeadlineExceeded,
    FileGone,
    JobError,
    MediaError,
    ParameterError,
    ServiceError,
)
from workbench.service import older, transfers
from workbench.service.answers import json_of, media_info, status_from
from workbench.service.backend import READY, Status
from workbench.service.line import Line
from workbench.service.watching import until_ready
from workbench.service.wire import MEDIA, request
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    import httpx

    from workbench.progress import Report

__all__ = ["RemoteBackend"]

_JOBS = "/api/v1/jobs"
# Operations that are started and waited for; the others answer when they are done.
_STARTED = {
    "speak", "captioned_video", "merge_videos", "colorkey_overlay", "add_overlay", "pcm_to_wav",
    "imperfect_image", "merge_audio", "extend_audio", "trim_pauses",
}  # fmt: skip
_REMEMBERED = 1000  # jobs that were submitted here
_TURN = 10.0  # seconds of one question for a status
_SETTLE = 0.3  # seconds between two looks at a file that may still be written
_PATIENCE = 60.0  # seconds for which a full queue is asked again
_LONG = 600.0  # seconds in which an operation that answers when it is done may do so


class RemoteBackend:
    """What does the work on a server. Making one connects to nothing.

    Parameters
    ----------
    base_url
        The server's address; None for ``MEDIA_SERVER_URL``, else ``http://localhost:8000``.
    token
        What the server wants in its ``Authorization`` header, as it stands there; None for
        ``WORKBENCH_SERVICE_TOKEN`` or ``MEDIA_SERVER_TOKEN``.
    timeout
        Seconds for a connection, and between two pieces of an answer.
    transport
        Of httpx's, for tests.

    Raises
    ------
    ParameterError
        When the address is none, or the token cannot be sent.
    """

    mode = "remote"

    def __init__(
        self,
        base_url: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.line = Line(base_url, token=token, timeout=timeout, transport=transport)
        self._submitted: OrderedDict[str, None] = OrderedDict()

    def __repr__(self) -> str:
        return f"RemoteBackend({self.line.url!r})"

    # -- files --------------------------------------------------------------------------------

    async def health(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        told = json_of(await self.line.ask("GET", "/health", seconds=10))
        if not isinstance(told, dict) or told.get("status") != "ok":
            raise ServiceError("is not well, or no media server", subject=self.line.url)
        return {**told, "mode": self.mode}

    async def upload(
        self,
        source: bytes | Path | BinaryIO,
        *,
        media_type: str = "",
        name: str = "",
        progress: Report | None = None,
    ) -> str:
        """Send a file; return its id."""
        if not media_type and not await self.line.ours():
            media_type = await older.type_of(source, name)
        return await transfers.upload(
            self.line, source, media_type=media_type, name=name, progress=progress
        )

    async def fetch(self, url: str, *, media_type: str = "") -> str:
        """Have the server keep what a URL leads to; return its id."""
        if not media_type and not await self.line.ours():
            raise ParameterError("is needed by an older server", subject="media_type")
        told = await self._post("fetch", {"url": url, "media_type": media_type or None})
        return _id_of(told, url)

    async def download(
        self, file_id: str, target: Path | None, progress: Report | None = None
    ) -> bytes | Path:
        """Return a file's content, or write it to `target`, whole or not at all."""
        FileId.parse(file_id)
        if target is None:
            return await transfers.read(self.line, file_id, progress)
        judged = not await self.line.ours()
        return await transfers.download(self.line, file_id, target, progress, judged=judged)

    async def delete(self, file_id: str) -> bool:
        """Delete a file; an older server says of any that it was there."""
        FileId.parse(file_id)
        told = json_of(await self.line.ask("DELETE", f"{MEDIA}/storage/{file_id}"))
        return bool(told.get("deleted", True)) if isinstance(told, dict) else True

    async def files(self, media_type: str = "") -> list[dict[str, Any]]:
        """Return what is kept, the oldest first."""
        if not await self.line.ours():
            raise ServiceError("is an older media server, which lists no files", subject="server")
        query = {"media_type": media_type} if media_type else None
        told = json_of(await self.line.ask("GET", f"{MEDIA}/storage", query=query))
        names = ("type", "size", "created", "name")
        return [
            {"id": one["file_id"], **{name: one.get(name) for name in names}}
            for one in told["data"]
        ]

    def url(self, file_id: str) -> str:
        """Return where a file can be read by whoever has the token."""
        return f"{self.line.url}{MEDIA}/storage/{file_id}"

    async def frame(self, video_id: str, timestamp: float) -> bytes:
        """Return the picture at so many seconds of a video, as a JPEG."""
        FileId.parse(video_id)
        path = f"{MEDIA}/video-tools/extract-frame/{video_id}"
        query = {"timestamp": timestamp}
        answer = await self.line.ask("GET", path, query=query, seconds=_LONG)
        return answer.content

    # -- jobs ---------------------------------------------------------------------------------

    async def submit(self, operation: str, parameters: Mapping[str, Any], *, key: str = "") -> str:
        """Start work on the server; return the id of the job, which is that of its file."""
        ours = await self.line.ours()
        asked = request(operation, parameters, ours=ours)
        key = key or (uuid.uuid4().hex if ours else "")
        told = json_of(
            await self.line.ask(
                asked.method,
                asked.path,
                fields=asked.fields,
                key=key if ours else "",
                patience=_PATIENCE,
            )
        )
        job = _id_of(told, operation)
        self._submitted[job] = None
        while len(self._submitted) > _REMEMBERED:
            self._submitted.popitem(last=False)
        return job

    async def status(self, id: str, *, wait: float = 0.0) -> Status:  # noqa: A002
        """Return how a job is doing, after at most `wait` seconds in which it may end."""
        path = _status_path(id)
        ours = await self.line.ours()
        query = {"wait": f"{min(wait, _TURN):g}"} if ours and wait > 0 else None
        told = json_of(await self.line.ask("GET", path, query=query, seconds=_TURN + 30))
        found = status_from(told, id)
        if ours:
            return found
        if found.status == "not_found" and id in self._submitted:
            # So a failure of Chatterbox looks on the older server.
            gone = JobError("failed on the server, which does not say why", subject=id)
            return Status(id=id, status="failed", error=gone)
        if found.status == READY and id in self._submitted and not await self._settled(id):
            return Status(id=id, status="processing")
        return found

    async def _settled(self, file_id: str) -> bool:
        """Return whether a file of an older server is whole: there "ready" is that it exists."""
        if FileId.parse(file_id).type == "image":
            return True  # looked at when it is downloaded
        looks = []
        for _ in range(2):
            asked = request("info", {"file_id": file_id}, ours=False)
            answer = await self.line.ask(asked.method, asked.path, plain=True)
            told = json_of(answer) if answer.is_success else None
            if not isinstance(told, dict) or not told.get("duration"):
                return False
            looks.append(told)
            if len(looks) == 1:
                await asyncio.sleep(_SETTLE)
        self._submitted.pop(file_id, None)  # it need not be looked at again
        return looks[0] == looks[1]

    async def result(self, id: str) -> Any:  # noqa: A002 - the wire's word
        """Return what a job that is done has told; an older server tells nothing."""
        found = await self.line.ask("GET", _status_path(id))
        told = json_of(found)
        status = status_from(told, id)
        if status.status == "not_found":
            raise FileGone("is no job", subject=id)
        if status.error is not None:
            raise status.error
        more = told.get("result") if isinstance(told, dict) else None
        more = dict(more) if isinstance(more, dict) else {}
        return more if id.startswith("job_") else {"file_id": id, **more}

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work
        progress: Report | None = None,
    ) -> Any:
        """Do work on the server and return its result, with ``file_id`` where it makes a file."""
        if operation not in _STARTED:
            try:
                return await asyncio.wait_for(self._answered(operation, dict(parameters)), timeout)
            except TimeoutError:
                raise _late(operation, timeout) from None
        job = await self.submit(operation, parameters)
        try:
            await until_ready(self.status, job, seconds=timeout, progress=progress)
            return await self.result(job)
        except (asyncio.CancelledError, DeadlineExceeded):
            # Nobody waits for it any more.
            with contextlib.suppress(ServiceError, FileGone):
                await asyncio.shield(self.cancel(job))
            raise

    async def cancel(self, id: str) -> Status:  # noqa: A002
        """Stop a job; an older server cannot."""
        _status_path(id)
        if not await self.line.ours():
            raise ServiceError("is an older media server, which stops no jobs", subject="server")
        await self.line.ask("DELETE", f"{_JOBS}/{id}")
        return await self.status(id, wait=3.0)

    async def close(self) -> None:
        """Close the connections."""
        await self.line.close()

    # -- operations that answer when they are done ----------------------------------------------

    async def _answered(self, operation: str, parameters: dict[str, Any]) -> Any:
        ours = await self.line.ours()
        if operation == "transcribe" and not ours:
            return await older.transcribe(self.line, parameters)
        if operation == "voices" and not ours:
            return await older.voices(self.line, parameters)
        if operation == "stitch_images":
            return await self._stitched(parameters, ours=ours)
        if operation == "extract_frames" and not ours and parameters.get("video_id"):
            # It reads any address, its own too.
            parameters["url"] = self.url(str(FileId.parse(parameters.pop("video_id"))))
        told = await self._post(operation, parameters)
        if operation == "info":
            return media_info(told, str(parameters["file_id"]))
        if operation == "extract_frames":
            return _frames(told)
        if not isinstance(told, dict):
            raise ServiceError("answered what nobody understands", subject=operation)
        return told

    async def _post(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        asked = request(operation, parameters, ours=await self.line.ours())
        fields = asked.fields if asked.method == "POST" else None
        query = asked.fields or None if asked.method == "GET" else None
        answer = await self.line.ask(
            asked.method, asked.path, fields=fields, query=query, seconds=_LONG, patience=_PATIENCE
        )
        return json_of(answer)

    async def _stitched(self, parameters: dict[str, Any], *, ours: bool) -> dict[str, Any]:
        """Keep the picture that the wire gives back as bytes."""
        if not ours:
            ids = [str(FileId.parse(one)) for one in parameters.pop("image_ids", ())]
            urls = list(parameters.get("image_urls", ()))
            parameters["image_urls"] = [*urls, *(self.url(one) for one in ids)]
        asked = request("stitch_images", parameters, ours=ours)
        answer = await self.line.ask(
            asked.method, asked.path, fields=asked.fields, seconds=_LONG, patience=_PATIENCE
        )
        kept = await transfers.upload(
            self.line, answer.content, media_type="image", name="grid.jpg", progress=None
        )
        return {"file_id": kept}


def _status_path(id: object) -> str:  # noqa: A002
    """Return where the status of a job or a file is.

    Raises
    ------
    ParameterError
        When it is no id of either.
    """
    if isinstance(id, str) and id.startswith("job_"):
        try:
            uuid.UUID(id.removeprefix("job_"))
        except ValueError:
            raise ParameterError("is no id of a job", subject=id[:80]) from None
        return f"{_JOBS}/{id}"
    return f"{MEDIA}/storage/{FileId.parse(id)}/status"


def _id_of(told: Any, subject: str) -> str:
    """Return the id in an answer.

    Raises
    ------
    MediaError
        When there is none: v0.3.5 answers null, with 200, where nothing was sent.
    """
    found = told.get("file_id") or told.get("job_id") if isinstance(told, dict) else None
    if not isinstance(found, str):
        raise MediaError("was not taken by the server", subject=subject)
    return found


def _frames(told: Any) -> dict[str, Any]:
    """Return the ids of frames with their type, which v0.3.5 leaves out."""
    ids = told.get("image_ids", ()) if isinstance(told, dict) else ()
    whole = [one if str(one).startswith("image_") else f"image_{one}" for one in ids]
    return {"image_ids": whole, "sheet_id": told.get("sheet_id")}


def _late(subject: str, seconds: float | None) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"was not done in {seconds or 0:g} s", subject=subject, cure="give it a longer timeout"
    )
