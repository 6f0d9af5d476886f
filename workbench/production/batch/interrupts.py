"""Ctrl-C, heard at once and answered where nothing is half done."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Interrupted", "Interrupts"]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after everything was let go; a notebook shows its one line and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"Interrupted: {self}"]


class Interrupts:
    """While the block runs, Ctrl-C and SIGTERM are kept, and raised by `check`.

    An interrupt in the middle of a step would leave a job that is taken and not begun, or begun and
    not known. In a thread that is not the main one there are none.

    Parameters
    ----------
    again
        Called with each one but the first.
    """

    def __init__(self, again: Callable[[], None]) -> None:
        self._again = again
        self._before: dict[int, Any] = {}
        self._kept: BaseException | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if callable(before):  # not what ends the process, or is ignored
                    self._before[number] = before
                    signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what the first interrupt would have raised.

        Raises
        ------
        KeyboardInterrupt
            When there was one.
        """
        if self._kept is not None:
            raise self._kept

    def _hear(self, number: int, frame: Any) -> None:
        try:
            self._before[number](number, frame)
        except BaseException as error:  # noqa: BLE001 - whatever it is, `check` raises it
            if self._kept is None:
                self._kept = error.with_traceback(None)
            else:
                self._again()
