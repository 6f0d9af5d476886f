"""Jobs taken from a ledger, given to those who do them, and written down as they end."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.errors import (
    Cancelled,
    JobError,
    ParameterError,
    ServiceError,
    StorageError,
    WorkbenchError,
)
from workbench.ledger import RUNNER, owner_name, part, working
from workbench.production.batch.interrupts import Interrupts
from workbench.production.batch.task import Task
from workbench.production.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from workbench.ledger import BatchLedger
    from workbench.production.batch.outcome import Outcome
    from workbench.production.batch.pools import Pool
    from workbench.progress import Report

__all__ = ["Runner"]

log = logging.getLogger(__name__)

_LOOK = 0.2  # seconds between two looks at jobs that run
_WRITE = 1.0  # seconds between two entries of how far they are
_RENEW = 20.0  # seconds between two renewals of the lease
_RECOVER = 1.0  # seconds between two looks for runners that have ended
_BACKOFF = 2.0  # seconds before the second attempt, twice that before the third
_LONGEST = 60.0  # seconds of such a pause

_marks: dict[str, tuple[int, str | None]] = {}
_lock = threading.Lock()


@dataclass(kw_only=True)
class _Running:
    """A job under way here."""

    task: Task
    future: Future[Outcome]
    stop: Stop
    part: list[float] = field(default_factory=lambda: [0.0])


class Runner:
    """One who does jobs of a ledger; any number may work on the same, also in one process.

    Parameters
    ----------
    ledger
        Where the jobs are enrolled.
    ids
        Which of them are of this batch.
    pool
        Who does them.
    progress
        Called with the part of the whole that is done, 0 to 1.
    cancel
        Set it from another thread to stop; what was begun waits again.
    backoff
        Seconds before the second attempt of a job that failed; twice that before the third.
    """

    def __init__(
        self,
        ledger: BatchLedger,
        ids: Sequence[str],
        pool: Pool,
        *,
        progress: Report,
        cancel: threading.Event | None = None,
        backoff: float = _BACKOFF,
    ) -> None:
        self._ledger = ledger
        self._ids = frozenset(ids)
        self._order = tuple(ids)
        self._pool = pool
        self._progress = progress
        self._cancel = cancel or threading.Event()
        self._backoff = backoff
        self._interrupts = Interrupts(self._hurry)
        self._owner = part()
        self._running: dict[str, _Running] = {}
        self._next: dict[str, float] = {}
        self._pauses: dict[str, float] = {}  # when each is over, by a clock that nobody sets

    @property
    def owner(self) -> str:
        """Its name in the ledger."""
        return self._owner

    def run(self) -> None:
        """Work until every job has ended, here or in another runner.

        Raises
        ------
        Cancelled
            When `cancel` was set: jobs that were under way wait again.
        KeyboardInterrupt
            After Ctrl-C, likewise; a second one gives notebooks no time to clean up.
        ServiceError
            When those who do the jobs cannot be reached any more; as above.
        """
        with working(self._owner), _marking(), self._interrupts:
            try:
                while self._step():
                    self._check()
            except BaseException:
                self._let_go()
                raise

    # -- one step -----------------------------------------------------------------------------

    def _step(self) -> bool:
        """Take up, look after and write down jobs; return whether there is more to do."""
        if self._due("recover", _RECOVER):
            self._ledger.recover()
        self._take()
        if self._running:
            futures = {running.future for running in self._running.values()}
            done = wait(futures, _LOOK, return_when=FIRST_COMPLETED).done
        else:
            done = set()
            time.sleep(_LOOK)  # others do the rest, or it waits for another attempt
        self._check()  # what an interrupt did to jobs is not their fault
        for name, running in list(self._running.items()):
            if running.future in done:
                self._write_down(name, running.future)
                del self._running[name]  # when it is written down: until then it is let go
        if self._due("renew", _RENEW):
            self._ledger.renew(self._owner, lease=3 * _RENEW)
        if self._due("write", _WRITE) or done:
            return self._look()
        return True

    def _check(self) -> None:
        self._interrupts.check()
        if self._cancel.is_set():
            raise Cancelled("stopped on request", subject="batch")

    def _take(self) -> None:
        while len(self._running) < self._pool.slots:
            now = time.monotonic()
            ready = {name for name, until in self._pauses.items() if until <= now}
            pausing = self._pauses.keys() - ready
            job = self._ledger.take(self._owner, self._ids - pausing, ready)
            if job is None:
                return
            self._pauses.pop(job.id, None)
            done, stop = [0.0], Stop()
            try:
                task = Task.from_dict(job.parameters)
            except (KeyError, TypeError) as error:
                problem = JobError(f"is not a job of a batch ({error})", subject=job.id)
                self._ledger.fail(job.id, self._owner, problem)
                continue
            future = self._pool.submit(task, _noting(done), stop)
            self._running[job.id] = _Running(task=task, future=future, stop=stop, part=done)

    def _look(self) -> bool:
        """Write down how far the jobs are; return whether any has not ended."""
        jobs = self._ledger.of(self._order)
        for name, running in self._running.items():
            self._ledger.progress(name, running.part[0], self._owner)
            job = jobs.get(name)
            if job is None or job.cancelling or job.owner != self._owner:
                running.stop.set()
        ended = [job for job in jobs.values() if job.ended]
        parts = sum(running.part[0] for running in self._running.values())
        self._progress(min(1.0, (len(ended) + parts) / max(1, len(self._order))))
        # A job that somebody removed from the ledger is nobody's.
        return len(ended) < len(jobs) or bool(self._running)

    def _write_down(self, name: str, future: Future[Outcome]) -> None:
        """Write down how a job has ended."""
        try:
            outcome = future.result()
        except ServiceError:
            raise  # it is let go with the others
        except WorkbenchError as error:
            self._failed(name, error)
        except Exception as error:  # a mistake of ours must not stop the others
            log.exception("job %s", name)
            self._failed(name, JobError(f"{type(error).__name__}: {error}", subject=name))
        else:
            self._ledger.finish(name, self._owner, outcome.to_dict())

    def _failed(self, name: str, error: WorkbenchError) -> None:
        job = self._ledger.find(name)
        if isinstance(error, Cancelled):
            if job is not None and job.cancelling:
                self._ledger.cancelled(name, self._owner)
            elif not self._cancel.is_set():
                self._ledger.fail(name, self._owner, error)  # the notebook stopped itself
        elif _lasting(error):
            self._ledger.fail(name, self._owner, error)  # it would be the same the next time
        else:
            attempts = 1 if job is None else job.attempts
            delay = min(_LONGEST, self._backoff * 2 ** (attempts - 1))
            self._ledger.retry(name, self._owner, error, delay=delay)
            self._pauses[name] = time.monotonic() + delay

    # -- the end ------------------------------------------------------------------------------

    def _let_go(self) -> None:
        """Stop what is under way; it waits again, and the attempt does not count.

        Nobody may begin a job before its kernel has ended, however impatient the person is. What
        cannot be written down now is found by the next run: this runner has ended then.
        """
        try:
            for running in self._running.values():
                running.stop.set()
            futures = {name: running.future for name, running in self._running.items()}
            while wait(futures.values(), _RENEW).not_done:
                self._ledger.renew(self._owner, lease=3 * _RENEW)
            for name, future in futures.items():
                if not future.cancelled() and future.exception() is None:  # then it is done
                    self._ledger.finish(name, self._owner, future.result().to_dict())
        except StorageError as error:
            log.warning("what was done at last was not written down: %s", error)
        try:
            self._ledger.release(self._owner, blame=False)
        except StorageError as error:
            log.warning("the next run takes up what was not done: %s", error)

    def _hurry(self) -> None:
        for running in self._running.values():
            running.stop.now = True

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True


def _lasting(error: WorkbenchError) -> bool:
    """Whether another attempt would meet the same error."""
    expected = getattr(error, "expected", False) and not getattr(error, "transient", False)
    return expected or isinstance(error, ParameterError)


def _noting(part: list[float]) -> Report:
    def note(done: float) -> None:
        part[0] = max(part[0], min(1.0, done))

    return note


@contextlib.contextmanager
def _marking() -> Iterator[None]:
    """Have all that this process starts carry its name, for whoever comes after its end."""
    me = owner_name()
    with _lock:
        count, before = _marks.get(me, (0, os.environ.get(RUNNER)))
        _marks[me] = count + 1, before
        os.environ[RUNNER] = me
    try:
        yield
    finally:
        with _lock:
            count, before = _marks[me]
            if count > 1:  # another one works
                _marks[me] = count - 1, before
            else:
                del _marks[me]
                os.environ.pop(RUNNER, None)
                if before is not None:
                    os.environ[RUNNER] = before
