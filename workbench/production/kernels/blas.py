"""OpenBLAS, which starts a thread for each processor as soon as it is loaded."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LINGER", "VARIABLE", "libraries", "use"]

VARIABLE = "OPENBLAS_NUM_THREADS"
"""The variable that it reads when it is loaded."""

LINGER = ("OPENBLAS_THREAD_TIMEOUT", "18")
"""How long an idle thread of it counts before it sleeps, as a power of two of processor cycles.

Its own 28 is 0.1 s, which each fork would spend once for each processor but one, whether it
multiplies matrices or not; 18 is 0.1 ms, longer than from one product to the next.
"""

_CALLS = tuple(
    f"{prefix}openblas_set_num_threads{suffix}"
    for prefix in ("scipy_", "")
    for suffix in ("64_", "")
)


def libraries() -> tuple[str, ...]:
    """Return the files of the OpenBLAS that this process has loaded; Linux only.

    Examples
    --------
    >>> all("openblas" in path for path in libraries())
    True
    """
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    paths = (line.partition("/")[2] for line in lines)
    return tuple(sorted({f"/{path}" for path in paths if "openblas" in path.rpartition("/")[2]}))


def use(paths: Iterable[str], environment: Mapping[str, str]) -> None:
    """Give OpenBLAS the threads that a new process in this environment would give it."""
    count = 0
    for name in (VARIABLE, "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        with contextlib.suppress(ValueError):
            count = count or int(environment.get(name, "0"))
    count = count if count > 0 else len(os.sched_getaffinity(0))
    for path in paths:
        library = ctypes.CDLL(path)
        for name in _CALLS:
            call = getattr(library, name, None)
            if call is not None:
                call(count)
                break
