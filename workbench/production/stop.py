"""What stops a run from another thread: at its leisure, or at once."""

from __future__ import annotations

import threading

__all__ = ["Stop"]


class Stop(threading.Event):
    """Set, it stops a run as the stop button does; with `now` set too, without time to clean up.

    Examples
    --------
    >>> stop = Stop()
    >>> stop.set()
    >>> stop.is_set(), stop.now
    (True, False)
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = False  # set by signal handlers, which may take no lock
