"""Who does the jobs: so many at once, here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from workbench.production.batch.perform import perform

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from workbench.production.batch.outcome import Outcome
    from workbench.production.batch.task import Task
    from workbench.progress import Report

__all__ = ["LocalPool", "Pool"]


class Pool(Protocol):
    """What a batch asks of those who do its jobs."""

    @property
    def slots(self) -> int:
        """How many jobs may be under way; it may change as machines come and go."""

    def submit(self, task: Task, progress: Report, cancel: threading.Event) -> Future[Outcome]:
        """Begin a job.

        Parameters
        ----------
        task
            The job.
        progress
            Called from any thread with the part that is done, 0 to 1.
        cancel
            Set from another thread to stop it.

        Returns
        -------
        Future
            Of the outcome, or of the error: a `WorkbenchError` when the job failed.
        """

    def close(self, *, kill: bool = False) -> None:
        """Let go of everything; with `kill`, of jobs that are under way as well."""


class LocalPool:
    """Jobs on this machine.

    Each has a kernel, a process of its own, so threads are enough to wait for them.

    Parameters
    ----------
    slots
        How many at once.
    variables
        What the kernels' environment has besides what their tasks say; in no ledger.
    look
        Called with a job before it begins; what it raises is the job's error.
    """

    def __init__(
        self,
        slots: int,
        variables: Mapping[str, str] | None = None,
        *,
        look: Callable[[Task], None] | None = None,
    ) -> None:
        self._slots = slots
        self._look = look
        self._variables = dict(variables or {})
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="workbench-job")

    @property
    def slots(self) -> int:
        """How many jobs may be under way."""
        return self._slots

    def submit(self, task: Task, progress: Report, cancel: threading.Event) -> Future[Outcome]:
        """Begin a job, see `Pool.submit`."""
        task = replace(task, variables={**task.variables, **self._variables})
        return self._threads.submit(self._perform, task, progress, cancel)

    def _perform(self, task: Task, progress: Report, cancel: threading.Event) -> Outcome:
        if self._look is not None:
            self._look(task)
        return perform(task, progress=progress, cancel=cancel)

    def close(self, *, kill: bool = False) -> None:
        """Wait for the threads; jobs are stopped by their own `cancel`."""
        self._threads.shutdown(wait=True, cancel_futures=kill)
