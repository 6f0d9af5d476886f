"""How much memory the host is in, and what it gives up when that is too much."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import sys
from pathlib import Path

from workbench.engines import loaded

__all__ = ["bound", "resident", "settle"]

log = logging.getLogger(__name__)

_STATM = Path("/proc/self/statm")


def resident() -> int:
    """Return the bytes of memory this process is in; where Linux is not, the most it was in.

    Examples
    --------
    >>> resident() > 1_000_000
    True
    """
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def bound() -> int:
    """Return the bytes that a host takes where nothing is said: half of what the machine has.

    Examples
    --------
    >>> bound() > 1_000_000
    True
    """
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def settle(most: int) -> int:
    """Give up the models unused longest until no more than `most` bytes are taken.

    The model that was used last stays, whatever it takes: to load it again for each call would
    cost more than it saves.

    Returns
    -------
    int
        How many were given up.
    """
    given = 0
    while len(loaded.standing()) > 1 and resident() > most:
        log.info("gives up %s: %d bytes are more than %d", loaded.drop_oldest(), resident(), most)
        given += 1
        _trim()
    return given


def _trim() -> None:
    """Give the freed memory back: glibc keeps it for later, and it would be counted here."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
