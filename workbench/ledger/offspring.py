"""End what a worker started, however it was started, also when the worker itself is gone.

ffmpeg, espeak and the engines in environments of their own run in sessions of their own, so that
no group holds them all; and the parent of an orphan is lost. But a process keeps the environment
it began with, and a worker's has a mark that is its alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

__all__ = ["MARK", "end_marked", "marked"]

MARK = "WORKBENCH_WORKER"
"""The variable in the environment of a worker and of all it starts."""

_PROC = Path("/proc")


def marked(mark: str, *, variable: str = MARK) -> list[int]:
    """Return the processes with a mark in their environment, without this one; Linux only."""
    wanted = f"{variable}={mark}".encode()
    found = []
    for entry in _PROC.glob("[0-9]*"):
        try:
            inside = wanted in (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # another user's, or gone
            continue
        if inside and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def end_marked(mark: str, *, since: float = 0.0, variable: str = MARK) -> None:
    """Kill all processes with a mark in their environment, but not this one.

    Parameters
    ----------
    mark
        Which; nothing is done for an empty one.
    since
        Seconds after the boot; who started earlier is left alone.
    variable
        Which holds the mark.
    """
    before: set[int] = set()
    while mark:
        new = {pid for pid in marked(mark, variable=variable) if _started(pid) >= since} - before
        if not new:
            return
        for pid in new:  # and once more: one of them may just have started another
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        before |= new


def _started(pid: int) -> float:
    """Return when a process started, in seconds after the boot."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return -1.0
    return int(stat.rpartition(b")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
