"""A process that does the jobs of a ledger, one after another: ``python -m … SOCKET PARENT``.

It belongs to a `workbench.service.pool.WorkerPool` and ends with it, whatever ends it. Models stay
loaded from job to job. A job runs in the main thread, which is the one that can be interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Cancelled, JobError, ParameterError, StorageError, WorkbenchError
from workbench.ledger import Ledger, owner_name
from workbench.service import lifeline
from workbench.service.failures import as_error
from workbench.service.interrupts import Interrupt
from workbench.service.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.ledger import Job
    from workbench.storage.store import Store

__all__ = ["Worker", "main"]

log = logging.getLogger("workbench.service.worker")

_POLL = 5.0  # seconds between two looks at a ledger in which others may put jobs as well
_BEAT = 0.1  # seconds between two looks at whether a running job is to end
_LOOK = 0.5  # seconds between two looks at what the ledger says of the running job
_RENEW = 10.0  # seconds between two renewals of a lease of 30
_GENTLY = 0.3  # seconds a job gets to see that it is to end, before it is interrupted
_TOLD = 0.1  # seconds between two notes of progress
_PATIENCE = 30.0  # seconds for which the end of a job is tried to be written


class Worker:
    """What does the jobs.

    Parameters
    ----------
    pool
        The connection to whoever started this process.
    ledger
        Where the jobs are.
    store
        Where the files are.
    files
        The ledger in which files are noted that a job makes besides its output; None for `ledger`.
    private
        Whether URLs may lead to private addresses.
    jobs
        After which it ends, to be replaced.
    memory
        Bytes above which it ends after a job, to be replaced.
    """

    def __init__(
        self,
        pool: Lines,
        ledger: Ledger,
        store: Store,
        *,
        files: Ledger | None = None,
        private: bool = False,
        jobs: int = 200,
        memory: int = 1 << 62,
    ) -> None:
        self.pool, self.ledger, self.store = pool, ledger, store
        self.files = ledger if files is None else files
        self.private, self.most, self.memory = private, jobs, memory
        self.owner = owner_name()
        self._interrupt = Interrupt()
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._busy = threading.Event()
        self._job: Job | None = None
        self._cancel = threading.Event()
        self._why = ""  # the running job is to end: "cancel", "stop" or "lost"
        self._since = 0.0
        self._unwanted: set[str] = set()  # jobs whose end was asked for before they were ours
        self._stopping = False
        self._told = 0.0

    def run(self) -> None:
        """Do jobs until it is time to end."""
        threading.Thread(target=self._listen, name="pool", daemon=True).start()
        threading.Thread(target=self._beat, name="heart", daemon=True).start()
        self.pool.send(event="ready")
        done = 0
        while not self._stopping:
            self._woken.clear()
            try:
                job = self.ledger.claim(self.owner)
            except StorageError as error:
                log.warning("no job can be taken: %s", error)
                self._woken.wait(1.0)
                continue
            if job is None:
                self._woken.wait(_POLL)
                continue
            fit = self._do(job)
            done += 1
            if not fit or done >= self.most or lifeline.resident() > self.memory:
                break

    # -- a job --------------------------------------------------------------------------------

    def _do(self, job: Job) -> bool:
        """Do a job; return whether this process is good for another."""
        from workbench.service import operations
        from workbench.service.operations import Context
        from workbench.storage.ids import FileId

        began = self._begin(job)
        self.pool.send(event="running", id=job.id)
        told: Any = None
        error: WorkbenchError | None = None
        fit = True
        try:
            with self._interrupt:
                context = Context(
                    store=self.store,
                    output=FileId.parse(job.output) if job.output else None,
                    report=self._report,
                    cancel=self._cancel,
                    private=self.private,
                )
                told = operations.perform(job.kind, job.parameters, context)
        except BaseException as raised:  # noqa: BLE001 - a job may raise anything
            fit = not isinstance(raised, MemoryError)
            error = self._error(raised)
        why = self._end()
        lifeline.stay()
        if error is not None:
            gc.collect()  # what the frames of the error held
        if why:  # what the job started and left behind; engines that were there before stay
            lifeline.end_others(since=began)
        self._settle(lambda: self._write(job, told, error, why))
        self.pool.send(event="ended", id=job.id)
        return fit

    def _begin(self, job: Job) -> float:
        """Take up a job; return when, in seconds after the boot, as the system counts them."""
        with self._lock:
            self._cancel = threading.Event()
            self._why = ""
            self._told = 0.0
            self._job = job
            if job.id in self._unwanted:
                self._ask("cancel")
            elif self._stopping:
                self._ask("stop")
            self._unwanted.clear()
        self._busy.set()
        return lifeline.since_boot()

    def _end(self) -> str:
        self._busy.clear()
        with self._lock:
            self._job = None
            return self._why

    def _error(self, raised: BaseException) -> WorkbenchError:
        if self._why:  # whatever it says: it is because it was made to end
            return Cancelled("was stopped", subject="job")
        return as_error(raised)

    def _report(self, done: float) -> None:
        """Tell how far the running job is, and break off here when it is to end.

        Raises
        ------
        Cancelled
            When it is to end.
        """
        job, cancel, now = self._job, self._cancel, time.monotonic()
        if job is not None and now - self._told >= _TOLD:
            self._told = now
            with self._interrupt.held():  # never in the middle of a transaction
                try:
                    if not self.ledger.progress(job.id, done, self.owner):
                        self._ask("lost")
                    self.pool.send(event="progress", id=job.id, value=done)
                except StorageError as error:  # not worth a job
                    log.warning("progress cannot be written: %s", error)
        if cancel.is_set():
            raise Cancelled("was stopped", subject="job")

    def _write(self, job: Job, told: Any, error: WorkbenchError | None, why: str) -> None:
        """Write down how a job ended."""
        from workbench.service.operations.base import files_in

        if error is None:
            try:
                for file_id in files_in(told):
                    self.files.record(file_id)
                if not self.ledger.finish(job.id, self.owner, told):
                    self._discard(job)
            except ParameterError as wrong:
                log.error("%s told what cannot be kept: %s", job.kind, wrong)  # noqa: TRY400
                self.ledger.fail(job.id, self.owner, JobError(wrong.problem, subject=job.kind))
        elif why == "stop":  # another server, or the next, does it
            self.ledger.release(self.owner, blame=False)
        elif why == "lost":
            self._discard(job)
        elif why == "cancel" or isinstance(error, Cancelled):
            self.ledger.cancelled(job.id, self.owner)
        else:
            self.ledger.fail(job.id, self.owner, error)

    def _discard(self, job: Job) -> None:
        """Delete the file of a job that was deleted while it was done."""
        if job.output and self.ledger.find(job.id) is None:
            with contextlib.suppress(WorkbenchError):
                self.store.delete(job.output)

    def _settle(self, write: Callable[[], None]) -> None:
        """Write, and where it cannot be written, try again for a while.

        Raises
        ------
        StorageError
            After that while; whoever finds the job then sees that its process is gone.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                write()
            except StorageError as error:
                if time.monotonic() > until or self._stopping:
                    raise
                log.warning("the end of a job cannot be written yet: %s", error)
                time.sleep(1.0)
            else:
                return

    # -- what others want ---------------------------------------------------------------------

    def _ask(self, why: str) -> None:
        """Make the running job end."""
        if not self._why:
            self._why = why
            self._since = time.monotonic()
            self._cancel.set()

    def _listen(self) -> None:
        """Hear what the pool wants; end when there is no pool any more."""
        while (messages := self.pool.read()) is not None:
            for message in messages:
                self.hear(message)
        lifeline.end()

    def hear(self, message: dict[str, Any]) -> None:
        """Take note of what the pool says."""
        match message.get("do"):
            case "wake":
                self._woken.set()
            case "cancel":
                with self._lock:
                    name = str(message.get("id", ""))
                    if self._job is not None and self._job.id == name:
                        self._ask("cancel")
                    else:
                        self._unwanted.add(name)
            case "stop":
                self._stopping = True
                self._woken.set()
            case "now":
                with self._lock:
                    self._stopping = True
                    if self._job is not None:
                        self._ask("stop")

    def _beat(self) -> None:
        """Keep the lease of the running job, and see to it that it ends when it is to end."""
        looked = renewed = time.monotonic()
        sent: Job | None = None
        while True:
            self._busy.wait()
            time.sleep(_BEAT)
            job, now = self._job, time.monotonic()
            if job is None:
                continue
            try:
                if now - looked >= _LOOK:
                    looked = now
                    self._look(job)
                if now - renewed >= _RENEW:
                    renewed = now
                    self.ledger.renew(self.owner)
            except StorageError as error:
                log.warning("the lease cannot be renewed: %s", error)
            with self._lock:
                late = self._why and now - self._since >= _GENTLY
                if late and self._job is job and sent is not job:
                    sent = job
                    self._interrupt.send()

    def _look(self, job: Job) -> None:
        """See whether another process wants the running job to end."""
        now = self.ledger.find(job.id)
        with self._lock:
            if self._job is not job:
                return
            if now is None or now.state != "running" or now.owner != self.owner:
                self._ask("lost")
            elif now.cancelling:
                self._ask("cancel")


def main(arguments: list[str]) -> int:
    """Be a worker; return the exit status."""
    lifeline.follow(int(arguments[1]))
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s worker %(process)d %(name)s: %(message)s"
    )
    pool = Lines(socket.socket(fileno=int(arguments[0])))
    try:
        told = pool.read()
        if not told:  # the pool ended before this process had begun
            return 0
        settings, *more = told
        worker = _made(pool, **settings)
    except BaseException as raised:  # noqa: BLE001 - the pool is to know why, whatever it is
        pool.send(event="broken", error=as_error(raised).to_dict())
        return 1
    for message in more:
        worker.hear(message)
    worker.run()
    worker.ledger.close()
    return 0


def _made(
    pool: Lines, *, store: str, ledger: str, quota: int | None, files: str | None, **options: Any
) -> Worker:
    """Load what every job needs, and no engine."""
    from workbench.media.kinds import kind_of
    from workbench.service.operations import operations
    from workbench.storage.store import open_store

    operations()
    # The ledger lies where a bucket's files are worked on.
    opened = open_store(store, judge=kind_of, quota=quota, folder=Path(ledger).parent)
    with contextlib.suppress(StorageError):
        opened.sweep()  # what the worker before this one left
    known = None if files is None else Ledger(Path(files))
    return Worker(pool, Ledger(Path(ledger)), opened, files=known, **options)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    if status == 0:
        lifeline.end_others()
    # Libraries' threads and their exit handlers keep nobody waiting.
    logging.shutdown()
    os._exit(status)
