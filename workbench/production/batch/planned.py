"""A batch that is planned, and what it does when it runs."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import Cancelled, JobError, StorageError
from workbench.ledger import BatchLedger, Entry
from workbench.processors import share
from workbench.production.batch.estimate import Estimate, remember
from workbench.production.batch.estimate import estimate as expect
from workbench.production.batch.interrupts import Interrupted
from workbench.production.batch.owning import own
from workbench.production.batch.pools import LocalPool
from workbench.production.batch.result import BatchResult
from workbench.production.batch.runner import Runner
from workbench.production.batch.sharing import sharing
from workbench.production.batch.task import KIND, Task
from workbench.production.identity import identify
from workbench.production.parameters import parameters
from workbench.progress import bar

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterator

    from workbench.ledger import Job
    from workbench.production.batch.plan import Plan
    from workbench.production.batch.pools import Pool
    from workbench.production.batch.standing import Standing
    from workbench.progress import Report

__all__ = ["ATTEMPTS", "LEDGER", "PAGE", "Batch"]

LEDGER = "batch.sqlite"
"""The ledger in a batch's folder."""

PAGE = "report.html"
"""The page in a batch's folder that tells of it."""

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a job is taken up that fails, unless another number is asked for."""
_FRESH = 60.0  # seconds between two reports of a batch that runs


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch that is planned: everything is checked, nothing was begun.

    Parameters
    ----------
    plan
        The jobs.
    stands
        Which of them are to be done.
    slots
        How many at once.
    attempts
        How often a job is taken up that fails.
    preload
        What forked kernels find loaded.
    command
        By which it can be run again from a terminal, empty for none.
    prepared
        Seconds that it took to plan it; the person has waited for them as well.
    replaced
        What it will write over that was made for another job file, outside of its folder.
    """

    plan: Plan
    stands: Standing
    slots: int = 1
    attempts: int = ATTEMPTS
    preload: tuple[str, ...] = ()
    command: str = ""
    prepared: float = 0.0
    replaced: tuple[str, ...] = ()
    _estimate: list[Estimate] = field(default_factory=list, compare=False, repr=False)

    @property
    def estimate(self) -> Estimate:
        """What is to be expected of it."""
        if not self._estimate:
            stands = self.stands
            fresh = [task for task in stands.todo if task.id not in stands.found]
            left = len(stands.left)
            told = expect(self.plan, fresh, self.slots, left=left, replaced=self.replaced)
            self._estimate.append(told)
        return self._estimate[0]

    @property
    def todo(self) -> tuple[Task, ...]:
        """Those that are to be done now."""
        return self.stands.todo

    @property
    def kept(self) -> tuple[str, ...]:
        """All files that its jobs have made, as far as they are known."""
        result = self.so_far()
        jobs = result.jobs if result is not None else ()
        return tuple(path for job in jobs for path in (job.result or {}).get("files", ()))

    @property
    def ledger(self) -> Path:
        """Where its ledger is."""
        return self.plan.folder / LEDGER

    def run(
        self,
        pool: Pool | None = None,
        *,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> BatchResult:
        """Do what is to be done, and report.

        Any number of processes may run the same batch at once: each job is done by one of them.
        Whoever is killed loses what was under way and nothing else; run it again and it goes on.

        Parameters
        ----------
        pool
            Who does the jobs; by default as many kernels on this machine as there are slots. One
            that is given stays open.
        progress
            Called with the part that is done, 0 to 1; by default a bar is shown.
        cancel
            Set it from another thread to stop.

        Returns
        -------
        BatchResult
            Where the report could not be written, its `error` tells why.

        Raises
        ------
        Cancelled
            When `cancel` was set; the report tells what was done by then.
        KeyboardInterrupt
            After Ctrl-C, likewise.
        ServiceError
            When a cluster cannot be reached any more.
        StorageError
            When the ledger cannot be written.
        """
        began = time.monotonic() - self.prepared
        own(self.plan)
        ledger = BatchLedger(self.ledger, attempts=self.attempts)
        try:
            entries = [Entry(id=t.id, kind=KIND, parameters=t.to_dict()) for t in self.todo]
            known = ledger.enrol(entries, again=self.stands.again) if entries else {}
            busy = any(not job.ended for job in known.values())
            try:
                if (self.plan.folder / PAGE).is_file():  # who looks sees no row that is gone
                    self._tell(ledger, began, again=False)
                if busy:
                    self._work(pool, ledger, began, progress, cancel)
            except (KeyboardInterrupt, Cancelled) as stopped:
                result = None
                with contextlib.suppress(StorageError):  # then it cannot be told how far it is
                    result = self._ended(ledger, began)
                raise _told(stopped, self.plan.title, result) from None
            except BaseException:
                with contextlib.suppress(StorageError):  # what came first is what counts
                    self._ended(ledger, began)
                raise
            return self._ended(ledger, began, again=busy)
        finally:
            ledger.close()

    def _work(
        self,
        pool: Pool | None,
        ledger: BatchLedger,
        began: float,
        progress: Report | None,
        cancel: threading.Event | None,
    ) -> None:
        """Have the jobs done; keep what each took that was done here."""
        ids = [task.id for task in self.todo]
        showing = contextlib.nullcontext(progress) if progress else bar(self.plan.title)
        with showing as report, self._pool(pool) as workers:
            told = self._telling(report, ledger, began)
            runner = Runner(ledger, ids, workers, progress=told, cancel=cancel)
            try:
                runner.run()
            finally:
                with contextlib.suppress(StorageError):
                    jobs = ledger.of(ids).values()
                    remember([job for job in jobs if job.owner == runner.owner], self.todo)

    def _ended(self, ledger: BatchLedger, began: float, *, again: bool = True) -> BatchResult:
        """Report, and return the result; a report that cannot be written does not hide it."""
        problem = None
        try:
            self._report(ledger, began, again=again)
        except StorageError as error:
            log.warning("the report was not written: %s", error)
            problem = error
        jobs = self._jobs(ledger)
        return self._result(jobs, time.monotonic() - began, problem)

    def so_far(self) -> BatchResult | None:
        """Return how its jobs are now, whoever runs them; None where no ledger can be read."""
        try:
            if not self.ledger.is_file():
                return None
            ledger = BatchLedger(self.ledger)
            try:
                jobs = self._jobs(ledger)
            finally:
                ledger.close()
        except (OSError, StorageError):
            return None
        return self._result(jobs, 0.0)

    def _result(
        self, jobs: tuple[Job, ...], seconds: float, error: StorageError | None = None
    ) -> BatchResult:
        todo = {task.id for task in self.todo} - self.stands.found
        return BatchResult(
            title=self.plan.title,
            folder=self.plan.folder,
            jobs=jobs,
            earlier=frozenset(j.id for j in jobs if j.state == "done" and j.id not in todo),
            unmade=len(self.plan.tasks) - sum(job.ended for job in jobs),
            seconds=seconds,
            report=self.plan.folder / PAGE,
            error=error,
        )

    def _jobs(self, ledger: BatchLedger) -> tuple[Job, ...]:
        found = ledger.of([task.id for task in self.plan.tasks])
        gone = {name for name in self.stands.left if name in found and found[name].state == "done"}
        return tuple(
            _placed(found[t.id], t) for t in self.plan.tasks if t.id in found and t.id not in gone
        )

    def _report(self, ledger: BatchLedger, began: float, *, again: bool = True) -> None:
        """Write how the jobs are, unless that is known."""
        from workbench.production.report import write_report
        from workbench.production.report.write import known_report, told_by

        known = {job.id: job for job in self._jobs(ledger)}
        last = known_report(self.plan.folder)
        others = tuple(self._others(ledger, told_by(last)))
        jobs = (*(known.get(t.id) or _waiting(t) for t in self.plan.tasks), *others)
        page = self.plan.folder / PAGE
        states = {job.get("id"): job.get("state") for job in last.get("jobs", ())}
        if not again and page.is_file() and states == {job.id: job.state for job in jobs}:
            return
        seconds = time.monotonic() - began
        files = dict.fromkeys(Path(job.parameters["source"]).stem for job in others)
        write_report(
            self.plan.folder,
            jobs,
            title=", ".join([self.plan.title, *files]),
            began=time.time() - seconds,
            seconds=seconds,
            command=self.command,
        )

    def _others(self, ledger: BatchLedger, told: Collection[str]) -> Iterator[Job]:
        """Yield the jobs of other job files in the same folder, of those that are reported."""
        ids = {task.id for task in self.plan.tasks}
        places = {task.executed for task in self.plan.tasks}
        for job in ledger.of([name for name in told if name not in ids]).values():
            source = str(job.parameters.get("source") or "")
            elsewhere = source and job.parameters.get("executed") not in places
            if elsewhere and source != self.plan.source and Path(source).is_file():
                yield job

    def _tell(self, ledger: BatchLedger, began: float, *, again: bool = True) -> None:
        """Report in between: what cannot be written now is tried again, and at the end told."""
        try:
            self._report(ledger, began, again=again)
        except StorageError as error:
            log.warning("the report was not written: %s", error)

    def _telling(self, report: Report, ledger: BatchLedger, began: float) -> Report:
        """Return a report that also keeps the page fresh: a night is long."""
        last = time.monotonic()

        def told(done: float) -> None:
            nonlocal last
            report(done)
            if time.monotonic() - last > _FRESH:
                last = time.monotonic()
                self._tell(ledger, began)

        return told

    @contextlib.contextmanager
    def _pool(self, pool: Pool | None) -> Iterator[Pool]:
        if pool is not None:
            yield pool
            return
        with sharing(self.todo, self.preload) as variables:
            slots = max(1, min(self.slots, len(self.todo)))
            own = LocalPool(slots, {**share(slots), **variables}, look=_as_planned)
            try:
                yield own
            finally:
                own.close(kill=True)


def _as_planned(task: Task) -> None:
    """Refuse a job whose files changed since it was planned: it would be known by what it is not.

    Raises
    ------
    JobError
        When they did.
    """
    notebook = Path(task.notebook)
    now = identify(notebook, parameters(notebook), task.values, folder=Path(task.folder))
    if now.id != task.id:
        error = JobError(
            "something that it reads changed after the batch was planned",
            subject=task.name,
            cure="run the batch again",
        )
        error.expected = True
        raise error


def _told(stopped: BaseException, title: str, result: BatchResult | None) -> BaseException:
    """Return what stopped a batch, with how far it is and what to do."""
    problem = "stopped" if result is None else f"stopped with {result.told}"
    cure = "run it again to go on"
    if isinstance(stopped, Cancelled):
        return Cancelled(problem, subject=title, cure=cure)
    return Interrupted(f"{title}: {problem}; {cure}")


def _waiting(task: Task) -> Job:
    """Return a job that the ledger does not know yet, or whose files are gone: it is to be made."""
    from workbench.ledger import Job

    return Job(id=task.id, kind=KIND, parameters=task.to_dict(), state="queued")


def _placed(job: Job, task: Task) -> Job:
    """Return a job as it stands in the job file now: its row may have moved since it was done."""
    from dataclasses import replace

    return replace(job, parameters={**job.parameters, "row": task.row, "name": task.name})
