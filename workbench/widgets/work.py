"""One task at a time behind a widget: in a thread or in the caller's own, with progress and an end.

A kernel's main thread waits for the running cell, so what a person starts by a click runs in a
thread. A task that does not notice that it should end (an engine in the middle of a sentence) is
given up: the widget is free again, and what the task still returns is dropped.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import Cancelled, JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.progress import Report

__all__ = ["Work"]

T = TypeVar("T")

_PATIENCE = 0.6  # seconds until a task that does not stop is given up; the promise is one second
_STEP = 0.01  # the least progress that is worth a message
_REST = 0.05  # seconds between two messages of progress; a kernel may send 1,000 in a second


class Work:
    """What a widget is doing.

    Parameters
    ----------
    on_change
        Called from any thread with what changes: ``busy``, ``doing``, ``progress`` (0 to 1).

    Examples
    --------
    >>> seen = []
    >>> work = Work(lambda **state: seen.append(state))
    >>> work.do("counting", lambda report, cancel: report(1.0) or 3)
    3
    >>> seen[0], seen[-1]
    ({'busy': True, 'doing': 'counting', 'progress': 0.0}, {'busy': False, 'doing': ''})
    """

    def __init__(self, on_change: Callable[..., None]) -> None:
        self._on_change = on_change
        # Also while a change is told, so that the end of one task is not told after the begin of
        # the next; who is told may look at or start another task.
        self._lock = threading.RLock()
        self._doing = ""
        self._cancel: threading.Event | None = None  # of the task at work
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a task is at work."""
        return self._cancel is not None

    def do(self, doing: str, task: Callable[[Report, threading.Event], T]) -> T:
        """Do `task` in this thread and return what it does.

        Parameters
        ----------
        doing
            What it is, such as ``speaking``.
        task
            Told where to report the part that is done, 0 to 1, and what is set when it should end.

        Raises
        ------
        JobError
            When another one is at work.
        Cancelled
            When it was stopped.
        """
        cancel = self._begin(doing)
        with self._ending(cancel):
            result = task(self._reporting(cancel), cancel)
            self._still(cancel, doing)
            return result

    def start(
        self,
        doing: str,
        task: Callable[[Report, threading.Event], T],
        *,
        then: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Do `task` in a thread; `then` is given what it returns unless it was stopped before.

        Raises
        ------
        JobError
            When another one is at work.
        """
        cancel = self._begin(doing)

        def run() -> None:
            try:
                with self._ending(cancel):
                    result = task(self._reporting(cancel), cancel)
                    self._still(cancel, doing)
                    then(result)
            except Exception as error:  # noqa: BLE001 - no cell is there to show it
                if not cancel.is_set():
                    failed(error)

        self._thread = threading.Thread(target=run, name=f"workbench {doing}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the task to end; it is given up when it has not within 0.6 seconds."""
        cancel, thread = self._cancel, self._thread
        if cancel is None:
            return
        cancel.set()
        if thread is not None and thread is not threading.current_thread():
            timer = threading.Timer(_PATIENCE, self._end, [cancel])
            timer.daemon = True
            timer.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is at work, at most `timeout` seconds; return whether that is so."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return not self.busy

    # -- the state ----------------------------------------------------------------------------

    def _begin(self, doing: str) -> threading.Event:
        with self._lock:
            if self._cancel is not None:
                raise JobError(f"is still {self._doing}", subject="widget", cure="stop it first")
            self._doing = doing
            self._thread = None
            cancel = self._cancel = threading.Event()
            try:
                self._on_change(busy=True, doing=doing, progress=0.0)
            except (
                BaseException
            ):  # an observer's: a task that does not begin must not be in the way
                self._end(cancel)
                raise
            return cancel

    def _end(self, cancel: threading.Event) -> None:
        with self._lock:
            if self._cancel is not cancel:
                return
            self._cancel = None
            self._on_change(busy=False, doing="")

    @contextmanager
    def _ending(self, cancel: threading.Event) -> Iterator[None]:
        try:
            yield
        finally:
            self._end(cancel)

    def _still(self, cancel: threading.Event, doing: str) -> None:
        if cancel.is_set() or self._cancel is not cancel:
            raise Cancelled(f"stopped {doing}", subject="widget")

    def _reporting(self, cancel: threading.Event) -> Callable[[float], None]:
        """Return what takes the progress of a task, and passes on what is worth a message."""
        last: Any = [0.0, 0.0]  # the part that was done, and when that was told

        def report(done: float) -> None:
            now = time.monotonic()
            if self._cancel is not cancel or done - last[0] < _STEP or now - last[1] < _REST:
                return
            last[:] = done, now
            self._on_change(progress=min(1.0, done))

        return report
