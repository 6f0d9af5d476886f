"""Who runs: the processes that a test may leave behind, and the wait for their end."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

__all__ = ["children", "gone", "running"]

_END = 2.0  # seconds after which nothing may be left
_OF_THE_SYSTEM = 0x0020_0000  # PF_KTHREAD of <linux/sched.h>


def running(mark: str | bytes) -> list[int]:
    """Return the other processes that have `mark` among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = _arguments(entry)
        except OSError:
            continue
        if os.fsencode(mark) in text and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def _arguments(entry: Path) -> bytes:
    """Return the arguments of a process; none of one that has ended or is the system's own.

    One that becomes another program this moment has none either, and has not ended.
    """
    for _ in range(100):
        if text := (entry / "cmdline").read_bytes():
            return text
        state, *rest = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        if state in "ZX" or int(rest[5]) & _OF_THE_SYSTEM:
            break
        time.sleep(0.001)
    return b""


def children() -> list[int]:
    """Return the ffmpegs that this process has started and not waited for.

    One that has ended this moment is among them: only what stays so is left behind.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = entry.read_text(errors="replace").rsplit(")", 1)
            program = _arguments(entry.parent)
        except OSError:
            continue
        parent = rest.split()[1]
        if int(parent) == os.getpid() and (b"ffmpeg" in program or "ffmpeg" in name):
            found.append(int(entry.parent.name))
    return found


def gone(mark: str | bytes | None = None) -> bool:
    """Whether all processes with `mark`, or all ffmpegs of ours, have ended in two seconds."""
    tick = threading.Event()
    for _ in range(round(_END / 0.02)):
        if not (children() if mark is None else running(mark)):
            return True
        tick.wait(0.02)
    return False
