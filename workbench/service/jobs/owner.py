"""Who does a job: a process, named so that anybody can tell whether it still lives.

A process id alone says nothing: ids are used again, and another container counts its own.
"""

from __future__ import annotations

import hashlib
import os
import socket
from functools import lru_cache
from pathlib import Path

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
    return f"{_machine()}-{_boot()}-{pid}-{_started(pid) or 0}"


def gone(owner: str) -> bool | None:
    """Return whether a process has ended; None when it cannot be known here.

    Examples
    --------
    >>> gone("somewhere-else-1-2") is None
    True
    """
    try:
        machine, boot, pid, start = owner.rsplit("-", 3)
        number = int(pid)
    except ValueError:
        return None
    if machine != _machine():
        return None
    if boot != _boot():  # this machine has been started anew since
        return True
    if _PROC.is_dir():
        return _started(number) != int(start)
    return not _alive(number)


@lru_cache(maxsize=1)
def _machine() -> str:
    """Return 8 hex digits for where process ids are counted: this machine, or this container."""
    try:
        space = str((_PROC / "self/ns/pid").readlink())
    except OSError:  # no such thing outside Linux
        space = ""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        machine = ""
    name = f"{socket.gethostname()} {machine} {space}"
    return hashlib.sha256(name.encode()).hexdigest()[:8]


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


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
