"""Breaking off what is computed for somebody who has gone.

A line is spoken by one call that takes nothing to stop it by. An exception is raised in its thread
from outside, as Ctrl-C does it to the main thread: an engine is ready for that.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from workbench.engines.loaded import Loaded
from workbench.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Leaving"]

_T = TypeVar("_T")

_TICK = 0.05  # seconds between two looks at whether it may be broken off
_IMPORTS = "<frozen importlib"  # how the files of what imports are called


class _Left(BaseException):
    """Whoever asked has gone."""


class Leaving:
    """Work of one thread at a time that another thread may break off, once and for all.

    What others need as well is not broken off: the loading of a model, and an import, of which
    some libraries allow no second one.

    Examples
    --------
    >>> leaving, began = Leaving(), threading.Event()
    >>> def work():
    ...     began.set()
    ...     while True:
    ...         time.sleep(0.01)
    >>> def leave():
    ...     began.wait()
    ...     leaving.leave()
    >>> threading.Thread(target=leave).start()
    >>> leaving.run(work)
    Traceback (most recent call last):
    workbench.errors.Cancelled: line: stopped in the middle
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = 0  # which works; none
        self._gone = False

    def run(self, work: Callable[[], _T]) -> _T:
        """Do some work in this thread.

        Raises
        ------
        Cancelled
            When it was broken off, or was to be before it began.
        """
        try:
            try:
                with self._lock:
                    self._thread = 0 if self._gone else threading.get_ident()
                if not self._thread:
                    raise _Left
                return work()
            finally:
                with self._lock:
                    self._thread = 0
                _raise(threading.get_ident(), None)  # if it was sent and has not come yet
        except _Left:
            raise Cancelled("stopped in the middle", subject="line") from None

    def leave(self) -> None:
        """Break off what is done, and whatever is to be done later; return when that is sent."""
        while not self._sent():
            time.sleep(_TICK)

    def _sent(self) -> bool:
        with self._lock:
            self._gone = True
            if not self._thread:
                return True
            if _needed(self._thread):
                return False
            _raise(self._thread, _Left)
            return True


def _raise(thread: int, error: type[BaseException] | None) -> None:
    """Raise an exception in a thread at its next step in Python; None takes back one to come."""
    kind = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), kind)


def _needed(thread: int) -> bool:
    """Whether a thread is at what others need as well."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the only way to ask
    while frame is not None:
        code = frame.f_code
        if code is Loaded.get.__code__ or code.co_filename.startswith(_IMPORTS):
            return True
        frame = frame.f_back
    return False
