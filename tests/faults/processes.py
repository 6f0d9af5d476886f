"""Who runs: the processes that a test may leave behind, and the wait for their end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

__all__ = ["children", "gone", "running"]

_END = 2.0  # seconds after which nothing may be left


def running(mark: str | bytes) -> list[int]:
    """Return the other processes that have `mark` among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(mark) in text and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def children() -> list[int]:
    """Return the ffmpegs that this process has started and not waited for.

    One that has ended this moment is among them: only what stays so is left behind.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = entry.read_text(errors="replace").rsplit(")", 1)
            program = (entry.parent / "cmdline").read_bytes()
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
