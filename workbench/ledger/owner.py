"""Who does a job: a process, named so that anybody can tell whether it still lives.

A process id alone says nothing: ids are used again, and another container counts its own.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from workbench.storage.atomic import alive, machine

__all__ = ["gone", "owner_name", "owner_of"]

_PROC = Path("/proc")
_GHOSTS = {"Z", "X"}  # states of processes that have ended and were not waited for yet


def owner_name() -> str:
    """Return the name of this process: its machine, boot, id and start.

    Examples
    --------
    >>> gone(owner_name())
    False
    """
    return owner_of(os.getpid())


def owner_of(pid: int) -> str:
    """Return the name of a process of this machine."""
    return f"{machine()}-{_boot()}-{pid}-{_started(pid) or 0}"


def gone(owner: str) -> bool | None:
    """Return whether a process has ended; None when it cannot be known here.

    Examples
    --------
    >>> gone("somewhere-else-1-2") is None
    True
    """
    try:
        home, boot, pid, start = owner.rsplit("-", 3)
        number = int(pid)
    except ValueError:
        return None
    if home != machine():
        return None
    if boot != _boot():  # this machine has been started anew since
        return True
    if _PROC.is_dir():
        return _started(number) != int(start)
    return not alive(number)


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        text = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return "0"
    return text.replace("-", "").strip()[:8]


def _started(pid: int) -> int | None:
    """Return when a process started, in ticks since the boot; None when it has ended."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    rest = stat.rpartition(b")")[2].split()  # its name may hold blanks and brackets
    return None if rest[0].decode() in _GHOSTS else int(rest[19])
