"""A notebook that runs, watched: its limits, and how it is stopped."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from workbench.errors import Cancelled, JobError, ParameterError
from workbench.production.stop import Stop

if TYPE_CHECKING:
    import threading
    from concurrent.futures import Future
    from pathlib import Path

    from workbench.production.engine import Kernel
    from workbench.progress import Report

__all__ = ["Watch"]

_GRACE = 15.0  # seconds an interrupted notebook gets to clean up before its kernel is killed
_LOOK = 0.1  # seconds between two looks at a running notebook
_KILLS = 60  # one a second: a kernel may take that long to start


class Watch:
    """A run under limits.

    Parameters
    ----------
    kernel
        Of the run.
    name
        Of the notebook, for messages.
    timeout
        Seconds a cell may take.
    limit
        Seconds the whole may take, None for as long as its cells may.
    cancel
        Set from another thread to stop; a `Stop` may also say that it is to be at once.

    Raises
    ------
    ParameterError
        When a limit is not more than 0 seconds.

    Notes
    -----
    Papermill works in a thread, so that this one stays free to stop it. nbclient answers Ctrl-C
    by killing the kernel, and what the cell was writing stays torn. Here the kernel is
    interrupted, as the stop button does, and cleans up before it ends.
    """

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        timeout: float,
        limit: float | None,
        cancel: threading.Event | None,
    ) -> None:
        for subject, seconds in (("timeout", timeout), ("limit", limit)):
            if seconds is not None and not seconds > 0:
                raise ParameterError(
                    f"must be more than 0 seconds, not {seconds!r}", subject=subject
                )
        self._name = name
        self._timeout = timeout
        self._limit = limit
        self._cancel = cancel
        self.kernel = kernel

    def execute(self, copy: Path, scratch: Path, report: Report) -> None:
        """Execute `copy` into `scratch`."""
        began = time.monotonic()
        self._check(began)
        with ThreadPoolExecutor(1, thread_name_prefix="workbench-notebook") as thread:
            done = None
            try:
                done = thread.submit(self.kernel.execute, copy, scratch, {})
                while not wait([done], _LOOK).done:
                    report(self.kernel.part)
                    self._check(began)
            except BaseException:
                if done is None:  # an interrupt came while its thread began
                    self.kernel.kill()
                else:
                    self._stop(done)
                raise
            done.result()
        report(1.0)

    def _check(self, began: float) -> None:
        """Raise the reason to stop, if there is one."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("stopped on request", subject=self._name)
        now = time.monotonic()
        if self._limit is not None and now - began > self._limit:
            raise JobError(f"took longer than {self._limit:g} s", subject=self._name)
        kernel = self.kernel
        if kernel.cell and now - kernel.cell_began > self._timeout:
            where = f"{self._name}, cell {kernel.cell}"
            raise JobError(f"took longer than {self._timeout:g} s", subject=where)

    def _stop(self, done: Future[None]) -> None:
        self.kernel.interrupt()
        try:
            until = time.monotonic() + _GRACE
            while time.monotonic() < until and not wait([done], _LOOK).done:
                if isinstance(self._cancel, Stop) and self._cancel.now:
                    break
        finally:  # a second Ctrl-C does not wait any longer
            for _ in range(_KILLS):
                if done.done():
                    break
                self.kernel.kill()  # it may be starting, and not be there to kill at first
                wait([done], 1.0)
