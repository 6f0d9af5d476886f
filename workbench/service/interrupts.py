"""An exception in the main thread from outside, and only where it can do no harm."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Interrupt"]


class Interrupt:
    """Raises `KeyboardInterrupt` in the main thread while its block runs, at most once in each.

    All that is to be undone when work is broken off is undone for Ctrl-C already; so this is the
    same exception, by a signal of its own. It also wakes the thread from whatever it waits for.
    Outside its block, and within `held`, the signal does nothing.

    Examples
    --------
    >>> stop = Interrupt()
    >>> try:
    ...     with stop:
    ...         stop.send()
    ...         threading.Event().wait(5)
    ... except KeyboardInterrupt:
    ...     "stopped"
    'stopped'
    >>> stop.send()  # outside: nothing
    """

    def __init__(self) -> None:
        self._armed = False
        self._held = 0
        self._came = False
        signal.signal(signal.SIGUSR1, self._signalled)

    def __enter__(self) -> Self:
        self._came = False
        self._held = 0
        self._armed = True
        return self

    def __exit__(self, *_: object) -> None:
        self._armed = False

    def send(self) -> None:
        """Interrupt the block, from any thread."""
        main = threading.main_thread().ident
        if self._armed and main is not None:
            signal.pthread_kill(main, signal.SIGUSR1)

    def held(self) -> _Held:
        """Return a block within the block that is not broken off."""
        return _Held(self)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self._armed:
            return
        if self._held:
            self._came = True
            return
        self._armed = False
        raise KeyboardInterrupt

    def hold(self, step: int) -> None:
        """Enter or leave a held block; an interrupt that came meanwhile is raised at its end."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._held += step
        if not self._held and self._came and self._armed:
            self._came = self._armed = False
            raise KeyboardInterrupt


class _Held:
    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def __enter__(self) -> None:
        self._interrupt.hold(1)

    def __exit__(self, *_: object) -> None:
        self._interrupt.hold(-1)
