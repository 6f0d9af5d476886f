"""How many threads this process may use: what was asked for, else what it is really given.

A container's share of the processors is a quota of its control group, which `os.cpu_count` does not
know: on a machine of 64 cores a container that is given 2 would start 64 threads and be stopped for
most of every tenth of a second.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.errors import ParameterError

__all__ = ["THREAD_VARIABLES", "cores", "quota", "share", "threads"]

THREAD_VARIABLES = ("WORKBENCH_THREADS", "NUM_THREADS")
"""The variables that say how many threads to use, the first one that is set."""

_LIBRARIES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
_MOST = 1024  # threads; more is a slip of the finger
_ROOT = Path("/")
_UNLIMITED = {"max", "-1"}


def threads(*, root: Path = _ROOT) -> int:
    """Return how many threads to compute with, at least 1.

    `THREAD_VARIABLES` win. Else it is the least of the cores this process may run on, its control
    group's quota (a fraction counts as nothing, above the first) and ``OMP_NUM_THREADS``.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` lie.

    Raises
    ------
    ParameterError
        When a variable is no whole number from 1 to 1024.

    Examples
    --------
    >>> threads() >= 1
    True
    """
    for name in THREAD_VARIABLES:
        value = os.environ.get(name, "").strip()
        if value:
            return _asked(name, value)
    limits = [float(cores())]
    share = quota(root=root)
    if share is not None:
        limits.append(share)
    # The variable may be a list, a number for each level of nesting; libraries that cannot read it
    # take no notice of it either.
    outer = re.match(r"\s*(\d{1,4})\s*(?:,|$)", os.environ.get("OMP_NUM_THREADS", ""))
    if outer is not None:
        limits.append(float(outer[1]))
    return max(1, int(min(limits)))


def _asked(name: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,4}", value, re.ASCII) or not 1 <= int(value) <= _MOST:
        raise ParameterError(
            f"must be a whole number of threads from 1 to {_MOST}, not {value!r}",
            subject=name,
            cure="correct the variable or take it away",
        )
    return int(value)


def cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(*, root: Path = _ROOT) -> float | None:
    """Return the processors that the control group of this process is given, None for no limit.

    Version 2 (``cpu.max``) and 1 (``cpu.cfs_quota_us``) are read, from the group of the process up
    to the root: a limit set above holds below. Inside a container the path that ``/proc`` tells may
    be the host's and lead nowhere; then the root of what is mounted is the container's own.

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` lie.
    """
    try:
        told = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return None
    mounted = root / "sys/fs/cgroup"
    shares = []
    for line in told.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            for top in (mounted, mounted / "unified"):
                shares += [_version_2(folder) for folder in _upwards(top, path)]
        elif "cpu" in controllers.split(","):
            for top in (mounted / "cpu", mounted / controllers):
                shares += [_version_1(folder) for folder in _upwards(top, path)]
    return min((share for share in shares if share is not None), default=None)


def _upwards(top: Path, path: str) -> list[Path]:
    """Return the folder of a group and those above it, `top` the last."""
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return [top.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def _version_2(folder: Path) -> float | None:
    values = _read(folder / "cpu.max").split()
    if len(values) != 2 or values[0] in _UNLIMITED:  # noqa: PLR2004 - quota and period
        return None
    return _share(*values)


def _version_1(folder: Path) -> float | None:
    given = _read(folder / "cpu.cfs_quota_us")
    if given in _UNLIMITED:
        return None
    return _share(given, _read(folder / "cpu.cfs_period_us"))


def _share(given: str, period: str) -> float | None:
    try:
        share = int(given) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return share if share > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def share(workers: int) -> dict[str, str]:
    """Return the variables by which one of some processes keeps to its share of the threads.

    Each library would start as many threads as there are processors; two workers of two threads on
    two processors take turns waiting for each other.

    Examples
    --------
    >>> int(share(10_000)["OMP_NUM_THREADS"])
    1
    """
    part = str(max(1, threads() // max(1, workers)))
    return {**dict.fromkeys(_LIBRARIES, part), "WORKBENCH_THREADS": part}
