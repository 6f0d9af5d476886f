"""Whether a model fits into the memory that a hub grants, asked before it is loaded.

A hub such as Binder ends the kernel that takes more than its share, and the person at the notebook
reads "the kernel appears to have died". It tells the share in the variable ``MEM_LIMIT``, in bytes,
for all that runs in the container: the server, every kernel, every worker.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workbench.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["LIMIT", "granted", "make_sure", "needed", "room"]

LIMIT = "MEM_LIMIT"
"""The variable in which JupyterHub tells how many bytes a person's container may use."""

# Loading holds a file and what is made of it at once, beside the libraries themselves: 7 GB at the
# highest for the 3.2 GB of Chatterbox, 1.45 GB for the 0.33 GB of Kokoro, both measured.
_TIMES = 2.2
_LIBRARIES = 300_000_000
_TORCH = 500_000_000


def granted() -> int | None:
    """Return the bytes that the hub grants, None where no hub says so.

    Examples
    --------
    >>> granted() is None or granted() > 0
    True
    """
    told = os.environ.get(LIMIT, "").strip()
    return int(told) if told.isascii() and told.isdecimal() and int(told) else None


def needed(files: Iterable[Path], *, torch: bool = False) -> int:
    """Return roughly how many bytes of memory loading these weights takes at its highest.

    Parameters
    ----------
    files
        The weights; what is not there counts as nothing.
    torch
        Whether it is torch that loads them.

    Examples
    --------
    >>> needed([])
    300000000
    """
    size = sum(path.stat().st_size for path in files if path.is_file())
    return int(size * _TIMES) + _LIBRARIES + (_TORCH if torch else 0)


def room() -> int:
    """Return the bytes that are free: of the hub's grant, else of the machine.

    Examples
    --------
    >>> room() >= 0
    True
    """
    import psutil

    limit = granted()
    machine = int(psutil.virtual_memory().available)
    return machine if limit is None else min(machine, max(0, limit - _used()))


def make_sure(name: str, files: Iterable[Path], *, torch: bool = False) -> None:
    """Refuse to load a model for which the hub's grant does not suffice.

    Parameters
    ----------
    name
        What the model is called.
    files
        Its weights.
    torch
        Whether it is torch that loads them.

    Raises
    ------
    DeviceError
        When what is free of the grant is less than the model needs. Without a grant nothing is
        asked: a machine of one's own may swap.
    """
    limit = granted()
    if limit is None:
        return
    need, free = needed(files, torch=torch), room()
    if need > free:
        raise DeviceError(
            f"needs about {need / 1e9:.1f} GB of memory to load, and of the {limit / 1e9:.1f} GB "
            f"that {LIMIT} grants {free / 1e9:.1f} GB are free",
            subject=name,
            cure="shut down other kernels, take a smaller model, or stay with the voice espeak",
        )


def _used() -> int:
    """Return the resident bytes of this user's processes, in a container all there are."""
    import psutil

    mine, total = os.getuid() if hasattr(os, "getuid") else None, 0
    for process in psutil.process_iter():
        try:
            if mine is None or process.uids().real == mine:
                total += process.memory_info().rss
        except psutil.Error:  # it ended meanwhile
            continue
    return total
