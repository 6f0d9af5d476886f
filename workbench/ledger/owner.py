"""Who does a job: a process, named so that anybody can tell whether it still lives.

A process id alone says nothing: ids are used again, and another container counts its own. A process
may be several owners at once, such as two batches in one notebook: each is a part of it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.storage.atomic import alive, machine

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["gone", "owner_name", "owner_of", "part", "process_of", "stopped", "working"]

_PROC = Path("/proc")
_GHOSTS = {"Z", "X"}  # states of processes that have ended and were not waited for yet

_HELD = {b"T", b"t"}

_numbers = itertools.count(1)
_working: set[str] = set()


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


def part() -> str:
    """Return the name of a new part of this process; it is taken for ended unless it is `working`.

    Examples
    --------
    >>> one, other = part(), part()
    >>> one != other, process_of(one) == owner_name(), gone(one)
    (True, True, True)
    """
    return f"{owner_name()}.{next(_numbers)}"


def process_of(owner: str) -> str:
    """Return the name of the process that an owner is, or is a part of."""
    return owner.partition(".")[0]


@contextlib.contextmanager
def working(owner: str) -> Iterator[None]:
    """Have a part of this process live while the block runs."""
    _working.add(owner)
    try:
        yield
    finally:
        _working.discard(owner)


def gone(owner: str) -> bool | None:
    """Return whether a process, or a part of this one, has ended; None when it cannot be known.

    Whether a part of another process has ended is not known from the outside: it lives as long as
    that process.

    Examples
    --------
    >>> gone("somewhere-else-1-2") is None
    True
    """
    process = process_of(owner)
    if owner != process and process == owner_name():
        return owner not in _working
    try:
        home, boot, pid, start = process.rsplit("-", 3)
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


def stopped(owner: str) -> bool:
    """Whether a process of this machine is held up, as Ctrl-Z does, and may go on."""
    try:
        stat = (_PROC / process_of(owner).rsplit("-", 2)[1] / "stat").read_bytes()
    except (OSError, IndexError):
        return False
    return stat.rpartition(b")")[2].split()[0] in _HELD


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
