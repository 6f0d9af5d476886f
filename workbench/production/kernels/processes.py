"""What Linux tells of processes, and how one is tied to another."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

__all__ = [
    "adopt",
    "children",
    "die_with",
    "kill_group",
    "own_memory",
    "proportional",
    "resident",
    "threads",
]

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PDEATHSIG, _SUBREAPER = 1, 36  # of prctl


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def adopt() -> None:
    """Become the parent of every descendant that loses its own."""
    _prctl(_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """End this process when its parent ends; at once, when it has ended already."""
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def threads(pid: int | str = "self") -> int:
    """Return how many threads a process has.

    Examples
    --------
    >>> threads() >= 1
    True
    """
    return sum(1 for _ in (_PROC / str(pid) / "task").iterdir())


def children(pid: int) -> list[int]:
    """Return the processes whose parent is `pid`, the ended ones included."""
    path = _PROC / str(pid) / "task" / str(pid) / "children"
    try:
        return [int(word) for word in path.read_text(encoding="ascii").split()]
    except OSError:  # a system that was built without it
        return [int(e.name) for e in _PROC.glob("[0-9]*") if _parent(e) == pid]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return -1


def resident(pid: int) -> int:
    """Return the bytes of memory a process is in, what it shares included; 0 when it is gone."""
    try:
        return int((_PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, ValueError):
        return 0


def own_memory(pid: int) -> int:
    """Return the bytes that are a process's alone."""
    return _rolled(pid, "Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")


def proportional(pid: int) -> int:
    """Return the bytes of a process, each shared one divided by those who share it."""
    return _rolled(pid, "Pss:")


def _rolled(pid: int, *names: str) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    rows = (line.split() for line in text.splitlines()[1:])
    return sum(int(row[1]) * 1024 for row in rows if row[0] in names)


_KILL = 9  # Windows has no name for it


def kill_group(pid: int, number: int = _KILL) -> None:
    """Signal a process and its group; it may be gone, or not have a group of its own yet."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
