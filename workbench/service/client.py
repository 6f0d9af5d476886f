"""The work of a `MediaService` on a server, ours or the older one with its faults."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    Cancelled,
    FileGone,
    JobError,
    ParameterError,
    ServiceError,
    WorkbenchError,
)
from workbench.service import direct, older, transfers
from workbench.service.answers import id_of, json_of, status_from
from workbench.service.backend import READY, Status
from workbench.service.line import Line
from workbench.service.putting import named
from workbench.service.waiting import TURN, late, until_ready
from workbench.service.wire import MEDIA, request
from workbench.service.wire import file_id as checked
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from asyncio import Future
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
_REMEMBERED = 1000  # ids of an older server, of which it does not say enough
_STOPPING = 3.0  # seconds in which a job that nobody waits for is stopped, if it can be


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
    deadline
        Seconds in which a piece of work has to be done, where a call says nothing else.
    transfer
        Seconds in which a file has to be there or here; None for as long as it takes.
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
        deadline: float = 3600.0,
        transfer: float | None = 3600.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.line = Line(base_url, token=token, timeout=timeout, transport=transport)
        self.deadline, self.transfer = deadline, transfer
        # Of an older server: what was submitted here, and whether it was whole since.
        self._whole: OrderedDict[str, bool] = OrderedDict()

    def __repr__(self) -> str:
        return f"RemoteBackend({self.line.url!r})"

    # -- files --------------------------------------------------------------------------------

    async def health(self) -> dict[str, Any]:
        """Return what the server says of itself.

        Raises
        ------
        ServiceUnreachable
            When nobody answers.
        ServiceError
            When what answers is no media server.
        """
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
        """Send a file, in pieces as they are read; return its id."""
        with contextlib.ExitStack() as stack:
            ours = await self.line.ours()
            if not ours:
                folder = stack.enter_context(workspace())
                source, media_type, name = await older.named(source, media_type, name, folder)
            kept = await transfers.upload(
                self.line,
                source,
                media_type=media_type,
                name=name or named(source),
                progress=progress,
                seconds=self.transfer,
            )
        if not ours:
            self._remember(kept, whole=True)
        return kept

    async def fetch(self, url: str, *, media_type: str = "") -> str:
        """Have the server keep what a URL leads to; return its id."""
        if not media_type and not await self.line.ours():
            media_type = older.guessed(url)
        told = await direct.posted(
            self.line, "fetch", {"url": url, "media_type": media_type or None}
        )
        return id_of(told, url)

    async def download(
        self, file_id: str, target: Path | None, progress: Report | None = None
    ) -> bytes | Path:
        """Return a file's content, or write it to `target`, whole or not at all."""
        name, judged = checked(file_id), not await self.line.ours()
        if target is None:
            return await transfers.read(
                self.line, name, progress, judged=judged, seconds=self.transfer
            )
        return await transfers.download(
            self.line, name, target, progress, judged=judged, seconds=self.transfer
        )

    async def delete(self, file_id: str) -> bool:
        """Delete a file; an older server says of any that it was there."""
        name = checked(file_id)
        told = json_of(await self.line.ask("DELETE", f"{MEDIA}/storage/{name}"))
        if name in self._whole:
            self._whole[name] = True  # it did not fail: it was deleted
        return bool(told.get("deleted", True)) if isinstance(told, dict) else True

    async def files(self, media_type: str = "") -> list[dict[str, Any]]:
        """Return what is kept, the oldest first."""
        if not await self.line.ours():
            raise older.without("a list of files")
        query = {"media_type": media_type} if media_type else None
        told = json_of(await self.line.ask("GET", f"{MEDIA}/storage", query=query))
        listed = told.get("data") if isinstance(told, dict) else None
        names = ("type", "size", "created", "name")
        return [
            {"id": str(one.get("file_id")), **{name: one.get(name) for name in names}}
            for one in listed or ()
        ]

    def url(self, file_id: str) -> str:
        """Return where a file can be read by whoever has the token."""
        return direct.url_of(self.line, file_id) if file_id else f"{self.line.url}{MEDIA}/storage/"

    async def frame(self, video_id: str, timestamp: float) -> bytes:
        """Return the picture at so many seconds of a video, as a JPEG."""
        return await direct.frame(self.line, video_id, timestamp)

    # -- jobs ---------------------------------------------------------------------------------

    async def submit(self, operation: str, parameters: Mapping[str, Any], *, key: str = "") -> str:
        """Start work on the server; return the id of the job, which is that of its file.

        Where the answer is lost, `workbench serve` is asked again with the same key, which starts
        nothing twice. An older server knows no keys: it is not asked again.

        Raises
        ------
        QueueFull
            When the server has too much to do for a minute.
        ServiceError
            When the answer was lost, or the server has no such operation.
        """
        return await self._submit(operation, parameters, key, None)

    async def _submit(
        self, operation: str, parameters: Mapping[str, Any], key: str, until: float | None
    ) -> str:
        ours = await self.line.ours()
        asked = request(operation, parameters, ours=ours)
        given = bool(key)  # then the job may be one that was begun before, and is known
        key = (key or uuid.uuid4().hex) if ours else ""

        async def leave(answer: Future[httpx.Response]) -> None:
            await self._withdraw(operation, answer)

        answer = await self.line.ask(
            asked.method,
            asked.path,
            fields=asked.fields,
            key=key,
            until=until,
            left=leave if ours and not given else None,
        )
        job = id_of(json_of(answer), operation)
        if not ours:
            self._remember(job, whole=False)
        return job

    def _remember(self, name: str, *, whole: bool) -> None:
        self._whole[name] = whole
        while len(self._whole) > _REMEMBERED:
            self._whole.popitem(last=False)

    async def status(self, id: str, *, wait: float = 0.0) -> Status:  # noqa: A002
        """Return how a job is doing, after at most `wait` seconds in which it may end."""
        return (await self._told(id, wait))[0]

    async def _told(self, id: str, wait: float) -> tuple[Status, Any]:  # noqa: A002
        """Return how a job is doing, and what it has told if it is done."""
        path = _status_path(id)
        ours = await self.line.ours()
        query = {"wait": f"{min(wait, TURN):g}"} if ours and wait > 0 else None
        told = json_of(await self.line.ask("GET", path, query=query, seconds=TURN + 20))
        found = status_from(told, id)
        if not ours:
            return await self._of_an_older_one(id, found), None
        return found, told.get("result") if isinstance(told, dict) else None

    async def _of_an_older_one(self, id: str, found: Status) -> Status:  # noqa: A002
        """Return what a status of an older server means."""
        if found.status == "not_found" and self._whole.get(id) is False:
            # So a failure of Chatterbox looks on the older server.
            gone = JobError("failed on the server, which does not say why", subject=id)
            return Status(id=id, status="failed", error=gone)
        if found.status == READY and not self._whole.get(id):
            try:
                settled = await older.settled(self.line, id)
            except FileGone:
                settled = False  # the next question tells
            if not settled:
                return Status(id=id, status="processing")
            self._remember(id, whole=True)
        return found

    async def result(self, id: str) -> Any:  # noqa: A002 - the wire's word
        """Return what a job that is done has told; an older server tells nothing.

        Raises
        ------
        FileGone
            When there is no such job.
        WorkbenchError
            The job's own error.
        """
        status, told = await self._told(id, 0.0)
        if status.status == "not_found":
            raise FileGone("is no job", subject=id)
        if status.error is not None:
            raise status.error
        return _result(id, told)

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work
        progress: Report | None = None,
    ) -> Any:
        """Do work on the server and return its result, with ``file_id`` where it makes a file.

        Raises
        ------
        DeadlineExceeded
            When it was not done in time; it is stopped then, where the server can do that.
        ServiceUnreachable
            When nobody answers, at first or in the end.
        WorkbenchError
            The job's own error.
        """
        seconds = self.deadline if timeout is None else timeout
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if operation not in _STARTED:
            try:
                async with asyncio.timeout(seconds):
                    return await direct.answered(self.line, operation, parameters)
            except TimeoutError:
                raise late(operation, seconds) from None
        try:
            async with asyncio.timeout(seconds):
                job = await self._submit(operation, parameters, "", until)
        except TimeoutError:
            raise late(operation, seconds) from None
        ours = await self.line.ours()
        found: list[Any] = []

        async def ask(name: str, *, wait: float) -> Status:
            status, told = await self._told(name, wait)
            found[:] = [told]
            return status

        try:
            await until_ready(ask, job, seconds=seconds, until=until, progress=progress)
        except BaseException as error:
            theirs = isinstance(error, WorkbenchError) and not isinstance(error, ServiceError)
            # Nobody waits for it any more.
            if ours and (not theirs or isinstance(error, Cancelled)):
                await self._abandon(job)
            raise
        return _result(job, found[0])

    async def _withdraw(self, operation: str, answer: Future[httpx.Response]) -> None:
        """Stop the job whose id an answer will tell, if both can be done in a moment.

        Who was interrupted in between would leave a job behind that nobody knows.
        """

        async def withdraw() -> None:
            async with asyncio.timeout(_STOPPING):
                job = id_of(json_of(await answer), operation)
                await self.line.ask("DELETE", f"{_JOBS}/{job}")

        # Whatever kept the answer away: there is no job to be stopped.
        with contextlib.suppress(Exception):
            await asyncio.shield(asyncio.ensure_future(withdraw()))

    async def _abandon(self, job: str) -> None:
        """Stop a job, if that can be done in a moment."""
        with contextlib.suppress(WorkbenchError, TimeoutError):
            asking = self.line.ask("DELETE", f"{_JOBS}/{job}")
            await asyncio.shield(asyncio.wait_for(asking, _STOPPING))

    async def cancel(self, id: str) -> Status:  # noqa: A002
        """Stop a job.

        Raises
        ------
        ServiceError
            When the server is an older one, which cannot.
        """
        _status_path(id)
        if not await self.line.ours():
            raise older.without("a way to stop a job")
        await self.line.ask("DELETE", f"{_JOBS}/{id}")
        return await self.status(id, wait=3.0)

    async def close(self) -> None:
        """Close the connections. It may be used again."""
        await self.line.close()


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
    return f"{MEDIA}/storage/{checked(id)}/status"


def _result(id: str, told: Any) -> dict[str, Any]:  # noqa: A002
    more = dict(told) if isinstance(told, dict) else {}
    return more if id.startswith("job_") else {"file_id": id, **more}
