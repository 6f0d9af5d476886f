"""What ties a worker to its pool: it ends with it, and takes along all that it started."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from workbench.ledger.offspring import MARK, end_marked

__all__ = ["end", "end_others", "follow", "resident", "since_boot", "stay"]

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_TICK = 0.01  # seconds, to which the system rounds when a process started

_ending = threading.Event()
_parents: list[int] = []  # the one there is, once it is known


def follow(parent: int) -> None:
    """End with the parent also when somebody else holds the other end of the socket."""
    _parents.append(parent)
    heard, spoken = socket.socketpair()
    spoken.settimeout(0.0)
    # The signal's number is written by the system itself, whatever the main thread is at.
    signal.set_wakeup_fd(spoken.fileno(), warn_on_full_buffer=False)
    # The call that it breaks off may return as if it were done: main is told first.
    signal.signal(signal.SIGTERM, lambda *_: _ending.set())
    signal.signal(signal.SIGINT, lambda *_: None)

    def watch() -> None:
        while number := heard.recv(1):
            if number[0] == signal.SIGTERM:
                end()
        spoken.close()

    threading.Thread(target=watch, name="signals", daemon=True).start()
    if sys.platform == "linux":
        # Not SIGKILL: what this process started would be nobody's.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the line above
        end()


def end() -> None:
    """End this process and all that it started, at once."""
    _ending.set()
    end_others()
    # This process leads its group: what is left of that goes with it.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def stay() -> None:
    """Go no further when this process is ending.

    A job whose child was just killed for that has not failed, and it is certainly not done.
    """
    while _ending.is_set() or os.getppid() not in _parents:
        time.sleep(1.0)


def end_others(*, since: float = 0.0) -> None:
    """End what this process has started, since a moment in seconds after the boot."""
    end_marked(os.environ.get(MARK, ""), since=since)


def since_boot() -> float:
    """Return what time it is for processes that start now, in seconds after the boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - _TICK if sys.platform == "linux" else 0.0


def resident() -> int:
    """Return the bytes of memory this process has."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # not Linux: the most it ever had
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()
