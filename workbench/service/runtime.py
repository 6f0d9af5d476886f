"""What a server holds while it runs: the store, the ledger, and the processes that work.

Nothing here works on media itself, and nothing waits on the event loop: files and the ledger are
touched in a few threads of their own, so that work cannot take those that answer requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import DeadlineExceeded, FileGone, WorkbenchError
from workbench.ledger import Ledger
from workbench.media.kinds import kind_of
from workbench.service.backend import failure
from workbench.service.known import LEDGER, know
from workbench.service.operations import operation, prepare
from workbench.service.pool import WorkerPool
from workbench.service.remembered import with_words
from workbench.storage.store import open_store, store_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.ledger import Job
    from workbench.service.settings import Settings
    from workbench.storage.store import Store

__all__ = ["ENDED", "LEDGER", "Lane", "Runtime"]

log = logging.getLogger(__name__)

ENDED = frozenset({"done", "failed", "cancelled", "dead"})
"""The states in which nothing more happens to a job."""

_QUICK = "quick.sqlite"  # the ledger of what somebody waits for
_QUICK_WORKERS = 2  # one may wait for a slow address
_QUICK_BOUND = 256
_QUICK_KEPT = 3600.0  # seconds for which what it told is remembered
_THREADS = 8  # for files and the ledgers
_TURN = 1.0  # seconds between two looks at the ledger while a job is waited for
_SWEEP = 600.0  # seconds between two looks for what is too old
_LEASES = 10.0  # seconds between two looks for jobs whose process is gone

_T = TypeVar("_T")


class Lane:
    """A ledger, and the workers that do its jobs.

    Parameters
    ----------
    path
        The file of the ledger.
    where
        The store.
    bound
        Jobs that may wait.
    workers
        Processes.
    settings
        What the server was told.
    files
        The ledger that knows the files they make, where that is another one.
    """

    def __init__(
        self,
        path: Path,
        where: str,
        *,
        bound: int,
        workers: int,
        settings: Settings,
        files: Path | None = None,
    ) -> None:
        self.ledger = Ledger(path, bound=bound)
        self.pool = WorkerPool(
            where,
            path,
            workers=workers,
            private=settings.private,
            quota=settings.quota,
            files=files,
        )

    def recover(self) -> None:
        """Take up jobs whose process is gone."""
        for job in self.ledger.recover():
            log.warning("job %s lost its process and is %s now", job.id, job.state)
        self.pool.wake()

    def close(self, grace: float) -> None:
        """Stop the workers."""
        self.pool.close(grace)
        self.ledger.close()


class Runtime:
    """The store, the ledger and the workers of a server.

    Parameters
    ----------
    settings
        What the server was told.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        folder = Path(settings.folder) if settings.folder else store_folder()
        if settings.store and "://" not in settings.store:
            folder = Path(settings.store)
        self.folder = folder.expanduser().absolute()
        self.where = settings.store or str(self.folder)
        self.store: Store = open_store(
            self.where, judge=kind_of, quota=settings.quota, folder=self.folder
        )
        # What somebody waits for, such as an upload, does not stand behind an hour of rendering.
        self._work = Lane(
            self.folder / LEDGER,
            self.where,
            bound=settings.bound,
            workers=settings.workers,
            settings=settings,
        )
        self._quick = Lane(
            self.folder / _QUICK,
            self.where,
            bound=_QUICK_BOUND,
            workers=_QUICK_WORKERS,
            settings=settings,
            files=self.folder / LEDGER,
        )
        self._lanes = (self._work, self._quick)
        self.ledger = self._work.ledger
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="service")
        self._copies = ThreadPoolExecutor(_THREADS, thread_name_prefix="copies")
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Take up what an earlier server left, and start the workers."""
        self._loop = asyncio.get_running_loop()
        if not self.ledger.path.exists():  # a folder of the older server, or of a store's own
            await self.thread(know, self.store, self.ledger)
        for lane in self._lanes:
            lane.pool.listen(self._heard)
            await self.thread(lane.recover)
            await self.thread(lane.pool.start)
            lane.pool.wake()
        self._keeping = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop the workers. What they were at is done again by the next server."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        grace = self.settings.grace / 2
        closing = [self.thread(lane.close, grace) for lane in self._lanes]
        await asyncio.gather(*closing)
        for threads in (self._threads, self._copies):
            threads.shutdown(wait=True, cancel_futures=True)

    async def thread(self, function: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
        """Call a function that may wait for the disk, in a thread of this runtime."""
        loop = asyncio.get_running_loop()
        call = functools.partial(function, *arguments, **options)
        return await loop.run_in_executor(self._threads, call)

    async def copy(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Call a function that moves much, apart from those that only look something up."""
        call = functools.partial(function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._copies, call)

    async def submit(self, kind: str, parameters: Mapping[str, Any], *, key: str = "") -> Job:
        """Take on a job that is known to be possible.

        Parameters
        ----------
        kind
            The name of the operation.
        parameters
            Its parameters.
        key
            The same key means the same job, however often it is submitted.

        Raises
        ------
        QueueFull
            When as many wait as may.
        ParameterError, FileGone, VoiceNotFound, TextError
            What `prepare` finds.
        """

        def taken() -> Job:
            one = operation(kind)
            lane = self._quick if one.quick else self._work
            found = lane.ledger.keyed(key, kind)
            if found is not None:  # sent again: what it was made of may be gone by now
                return found
            lane.ledger.look_for_room()
            asked = with_words(kind, parameters, self.ledger)
            values = prepare(kind, asked, self.store)
            output = str(self.store.new_id(*one.output)) if one.output else ""
            job = lane.ledger.submit(kind, values, output=output, key=key)
            lane.pool.wake()
            return job

        return await self.thread(taken)

    async def find(self, id: str) -> Job | None:  # noqa: A002 - the wire's word
        """Return the job of an id, None where there is none."""
        return await self.thread(self._find, id)

    def _find(self, id: str) -> Job | None:  # noqa: A002
        for lane in self._lanes:
            job = lane.ledger.find(id)
            if job is not None:
                return job
        return None

    async def wait(self, id: str, seconds: float) -> Job | None:  # noqa: A002
        """Return a job once it has ended, or as it is after so many seconds."""
        heard = asyncio.Event()
        waiting = self._waiting.setdefault(id, set())
        waiting.add(heard)
        until = time.monotonic() + seconds
        try:
            while True:
                heard.clear()
                job = await self.find(id)
                left = until - time.monotonic()
                if job is None or job.state in ENDED or left <= 0:
                    return job
                with contextlib.suppress(TimeoutError):
                    # Now and then a look, for jobs of which another process of this store takes
                    # care, and for what a worker had no time to say.
                    await asyncio.wait_for(heard.wait(), min(left, _TURN))
        finally:
            waiting.discard(heard)
            if not waiting:
                self._waiting.pop(id, None)

    async def call(
        self, kind: str, parameters: Mapping[str, Any], *, seconds: float = 300.0
    ) -> dict[str, Any]:
        """Do a job and return what it told, with ``file_id`` where it made a file.

        Raises
        ------
        DeadlineExceeded
            When it was not done in time; it is stopped then.
        WorkbenchError
            The job's own error.
        """
        job = await self._wanted(kind, parameters)
        ended: Job | None = None
        try:
            ended = await self.wait(job.id, seconds)
        finally:
            if ended is None or ended.state not in ENDED:  # in time or not, nobody will ask for it
                await asyncio.shield(self.cancel(job.id))
        if ended is None:
            raise FileGone("was deleted meanwhile", subject=job.id)
        if ended.state not in ENDED:
            raise DeadlineExceeded(f"was not done in {seconds:g} s", subject=kind)
        if ended.state != "done":
            raise failure(ended)
        told = dict(ended.result or {})
        return {"file_id": ended.output, **told} if ended.output else told

    async def _wanted(self, kind: str, parameters: Mapping[str, Any]) -> Job:
        """Take on a job; who gives up at that very moment leaves none behind."""
        asking = asyncio.ensure_future(self.submit(kind, parameters))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            with contextlib.suppress(WorkbenchError):
                await self.cancel((await asking).id)
            raise

    async def cancel(self, id: str) -> Job:  # noqa: A002 - the wire's word
        """Stop a job.

        Raises
        ------
        FileGone
            When there is none of that id.
        """
        job = await self.thread(self._cancel, id)
        self._heard(id, "ended")
        return job

    def _cancel(self, id: str) -> Job:  # noqa: A002
        lane = self._quick if self._quick.ledger.find(id) is not None else self._work
        job = lane.ledger.cancel(id)
        if job.state == "running":
            lane.pool.cancel(id)
        return job

    async def delete(self, file_id: str) -> bool:
        """Delete a file and what the ledger knows of it; return whether there was one."""

        def gone() -> bool:
            there = self.store.delete(file_id)
            self._forget(file_id)
            return there

        job = await self.find(file_id)
        if job is not None and job.state not in ENDED:
            await self.cancel(file_id)
            await self.wait(file_id, self.settings.grace)
        return await self.thread(gone)

    def _heard(self, id: str, event: str) -> None:  # noqa: A002
        """Wake who waits for a job; called from any thread."""
        if event == "ended" and self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop may close at this very moment
                self._loop.call_soon_threadsafe(self._tell, id)

    def _tell(self, id: str) -> None:  # noqa: A002
        for heard in self._waiting.get(id, ()):
            heard.set()

    async def _keep(self) -> None:
        """Now and then remove what is too old, and take up jobs whose process is gone."""
        swept = time.monotonic() - _SWEEP
        while True:
            try:
                for lane in self._lanes:
                    await self.thread(lane.recover)
                if time.monotonic() - swept >= _SWEEP:
                    swept = time.monotonic()
                    await self.thread(self._sweep)
            except Exception:
                log.exception("the store could not be looked after")
            await asyncio.sleep(_LEASES)

    def _sweep(self) -> None:
        for name in self.store.sweep(older=self.settings.ttl):
            self._forget(name)
        if self.settings.ttl is not None:
            self.ledger.prune(self.settings.ttl)
        self._quick.ledger.prune(_QUICK_KEPT)  # each was told to who waited for it

    def _forget(self, file_id: str) -> None:
        for lane in self._lanes:
            lane.ledger.forget(file_id)
