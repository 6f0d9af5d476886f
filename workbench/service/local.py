"""The work of a `MediaService` in this process: no server, no key, no network.

A job runs in a thread of its own, a few at a time, so that a notebook's loop goes on meanwhile.
The ledger in the store's folder tells of it, so that another process can see how it is doing, and
what became of it when this one is gone.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import uuid
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    Cancelled,
    DeadlineExceeded,
    FileGone,
    ParameterError,
    StorageError,
)
from workbench.service.backend import Status, failure, status_of
from workbench.service.failures import as_error
from workbench.service.local_files import LocalFiles
from workbench.service.operations.base import Context, files_in
from workbench.service.remembered import with_words
from workbench.service.running import Running, ended
from workbench.storage.ids import FileId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from workbench.ledger import Job
    from workbench.progress import Report

__all__ = ["LocalBackend"]

_AT_ONCE = 2
_STOPPING = 3.0  # seconds in which a job that nobody waits for may come to its end
_LOOK = 0.1  # seconds between two looks, of a job that waits for its turn


class LocalBackend(LocalFiles):
    """What does the work here. Making one touches neither the disk nor a library.

    Parameters
    ----------
    where
        A folder, or a URL of fsspec's for the files; None for ``store_folder()``.
    quota
        Bytes the store may hold.
    at_once
        Jobs that run at the same time.
    private
        Whether URLs may lead to private addresses.
    """

    def __init__(
        self,
        where: str | Path | None = None,
        *,
        quota: int | None = None,
        at_once: int = _AT_ONCE,
        private: bool = False,
    ) -> None:
        if not 1 <= at_once <= 256:  # noqa: PLR2004 - threads
            raise ParameterError(f"must be 1 to 256, not {at_once!r}", subject="at_once")
        super().__init__(where, quota=quota)
        self.private = private
        self._turns = threading.BoundedSemaphore(at_once)
        self._running: dict[str, Running] = {}

    # -- files that are made, and their end ----------------------------------------------------

    async def fetch(self, url: str, *, media_type: str = "") -> str:
        """Keep what a URL leads to; return its id."""
        told = await self.call("fetch", {"url": url, "media_type": media_type})
        return str(told["file_id"])

    async def delete(self, file_id: str) -> bool:
        """Delete a file, and stop the job that makes it."""

        def gone() -> bool:
            FileId.parse(file_id)
            with contextlib.suppress(FileGone):
                self._stop(file_id)
            there = self.store.delete(file_id)
            self.ledger.forget(file_id)
            return there

        return await asyncio.to_thread(gone)

    async def frame(self, video_id: str, timestamp: float) -> bytes:
        """Return the picture at so many seconds of a video, as a JPEG."""
        told = await self.call("extract_frame", {"video_id": video_id, "timestamp": timestamp})
        try:
            return await asyncio.to_thread(self.store.get, told["file_id"])
        finally:
            await self.delete(told["file_id"])

    # -- jobs ---------------------------------------------------------------------------------

    async def submit(self, operation: str, parameters: Mapping[str, Any], *, key: str = "") -> str:
        """Start work in a thread; return the id of the job, which is that of the file it makes."""
        return (await asyncio.to_thread(self._start, operation, parameters, key)).id

    async def status(self, id: str, *, wait: float = 0.0) -> Status:  # noqa: A002
        """Return how a job is doing, after at most `wait` seconds in which it may end."""
        running = self._running.get(id)
        if running is not None and wait > 0:
            await ended(running.future, wait)
        job = await asyncio.to_thread(self.ledger.find, _name(id))
        return Status(id=id, status="not_found") if job is None else status_of(job)

    async def result(self, id: str) -> Any:  # noqa: A002 - the wire's word
        """Return what a job that is done has told.

        Raises
        ------
        FileGone
            When there is no such job.
        WorkbenchError
            The job's own error.
        """
        job = await asyncio.to_thread(self.ledger.find, _name(id))
        if job is None:
            raise FileGone("is no job", subject=id)
        if status_of(job).status == "failed":
            raise failure(job)
        return _told(job)

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the work
        progress: Report | None = None,
    ) -> Any:
        """Do work and return its result, with ``file_id`` where it makes a file.

        Raises
        ------
        DeadlineExceeded
            When it was not done in time; it is stopped then.
        WorkbenchError
            What went wrong.
        """
        running = Running(progress)
        try:
            starting = asyncio.to_thread(self._start, operation, parameters, "", running)
            await starting
            if not await ended(running.future, timeout):
                raise DeadlineExceeded(
                    f"was not done in {timeout:g} s, and is stopped",
                    subject=operation,
                    cure="give it a longer timeout",
                )
            return running.future.result()
        finally:
            running.cancel.set()  # of what has ended it means nothing
            if running.begun and not running.future.done():
                await ended(running.future, _STOPPING)

    async def cancel(self, id: str) -> Status:  # noqa: A002
        """Stop a job that runs here or waits."""
        job = await asyncio.to_thread(self._stop, _name(id))
        return status_of(job)

    async def close(self) -> None:
        """Stop what runs, and wait until it has ended."""
        for running in list(self._running.values()):
            running.cancel.set()
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        for running in list(self._running.values()):
            concurrent.futures.wait([running.future], timeout=10)
        with self._opening:
            if self._opened is not None:
                self._opened[1].close()
                self._opened = None

    def _start(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        key: str,
        running: Running | None = None,
    ) -> Job:
        from workbench.service import operations

        store, ledger, owner = self._open()
        found = ledger.keyed(key, operation)
        if found is not None:
            return found
        asked = with_words(operation, parameters, ledger)
        values = operations.prepare(operation, asked, store)
        made = operations.operation(operation).output
        output = str(store.new_id(*made)) if made else ""
        if running is not None and running.cancel.is_set():  # nobody waits for it any more
            raise Cancelled("was stopped", subject=operation)
        job = ledger.start(operation, values, owner, output=output, key=key)
        if job.id in self._running or job.owner != owner or job.state != "running":
            return job  # another thread used the key this moment
        if output and job.output != output:
            return job
        running = running or Running(None)
        self._running[job.id] = running
        running.begun = True
        work = threading.Thread(
            target=self._work, args=(job, running), name=f"service {operation}", daemon=True
        )
        work.start()
        return job

    def _work(self, job: Job, running: Running) -> None:
        from workbench.service import operations

        store, ledger, owner = self._open()
        output = FileId.parse(job.output) if job.output else None
        context = Context(
            store=store,
            output=output,
            report=running.reporting(job.id, ledger),
            cancel=running.cancel,
            private=self.private,
        )
        try:
            quick = operations.operation(job.kind).quick
            with contextlib.nullcontext() if quick else self._turn(running):
                context.progress(0.0)
                told = operations.perform(job.kind, job.parameters, context)
                for file_id in files_in(told):
                    ledger.record(file_id)
                if quick and not job.output:  # its answer is all there was to it
                    ledger.forget(job.id)
                elif not ledger.finish(job.id, owner, told) and output is not None:
                    store.delete(output)  # it was deleted while it was made
        except BaseException as raised:  # noqa: BLE001 - told to whoever waits, whatever it is
            error = as_error(raised)
            with contextlib.suppress(StorageError):
                if operations.operation(job.kind).quick and not job.output:
                    ledger.forget(job.id)
                elif error.code == "cancelled":
                    ledger.cancelled(job.id, owner)
                else:
                    ledger.fail(job.id, owner, error)
            self._running.pop(job.id, None)
            running.future.set_exception(error)
        else:
            self._running.pop(job.id, None)
            told = dict(told or {})
            running.future.set_result({"file_id": job.output, **told} if job.output else told)

    @contextlib.contextmanager
    def _turn(self, running: Running) -> Iterator[None]:
        """Wait until few enough run, or until nobody wants this job any more.

        Raises
        ------
        Cancelled
            When it is to stop.
        """
        while not self._turns.acquire(timeout=_LOOK):
            if running.cancel.is_set():
                raise Cancelled("was stopped", subject="job")
        try:
            yield
        finally:
            self._turns.release()

    def _stop(self, id: str) -> Job:  # noqa: A002
        job = self.ledger.cancel(id)
        running = self._running.get(id)
        if running is not None:
            running.cancel.set()
            concurrent.futures.wait([running.future], timeout=10)
            job = self.ledger.find(id) or job
        return job


def _name(id: object) -> str:  # noqa: A002
    """Return an id of a job or of a file.

    Raises
    ------
    ParameterError
        When it can be neither.
    """
    if isinstance(id, str) and id.startswith("job_"):
        try:
            return f"job_{uuid.UUID(id.removeprefix('job_'))}"
        except ValueError:
            raise ParameterError("is no id of a job", subject=id[:80]) from None
    return str(FileId.parse(id))


def _told(job: Job) -> dict[str, Any]:
    told = dict(job.result or {})
    return {"file_id": job.output, **told} if job.output else told
