"""Do a batch again whenever something that it reads has changed."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workbench.production.batch.planned import Batch

__all__ = ["changes"]

_LOOK = 1.0  # seconds between two looks at the files
_QUIET = 1  # looks in which nothing more changes: an editor may still be writing
_SHARE = 10  # a batch that cannot be is looked at again after so many times what that takes


def changes(
    prepared: Callable[[], Batch],
    paths: Iterable[Path],
    stop: threading.Event | None = None,
    *,
    every: float = _LOOK,
) -> Iterator[Batch | WorkbenchError]:
    """Yield a batch now, and again each time a file that it reads, or has made, has changed.

    Parameters
    ----------
    prepared
        Returns the batch as it is now.
    paths
        Files to look at besides the inputs of the jobs and their notebooks, such as the job file.
    stop
        Set it to end.
    every
        Seconds between two looks.

    Yields
    ------
    Batch or WorkbenchError
        The error when the job file has mistakes at the moment: they may be mended. It is told once,
        and looked for again without a change too: what is missing is in no list of files.
    """
    stop = stop or threading.Event()
    fixed = list(paths)
    looked: set[Path] = set()
    told: list[str] = []
    again: float | None
    while not stop.is_set():
        began = time.monotonic()
        before = _states([*fixed, *looked])
        try:
            batch = prepared()
        except WorkbenchError as error:
            told, last = [str(error), *map(str, getattr(error, "mistakes", ()))], told
            again = max(every, _SHARE * (time.monotonic() - began))
            if told != last:
                yield error
        else:
            told, again = [], None
            looked = {*map(Path, batch.plan.inputs), *batch.plan.notebooks}
            if not looked <= before.keys():
                continue  # whether one of them was changed meanwhile is not known
            yield batch
            # Whoever takes away what was made, or writes over it, wants it made again.
            before |= _states(map(Path, batch.kept))
        _wait([*before], before, stop, every, again)


def _wait(
    paths: list[Path],
    before: dict[Path, tuple[int, int] | None],
    stop: threading.Event,
    every: float,
    again: float | None,
) -> None:
    """Wait until a file is another than before, or for so many seconds."""
    until = None if again is None else time.monotonic() + again
    quiet = 0
    now = _states(paths)
    while not stop.is_set() and (now == before or quiet < _QUIET):
        if until is not None and now == before and time.monotonic() >= until:
            return
        stop.wait(every)
        later = _states(paths)
        quiet = quiet + 1 if later == now and later != before else 0
        now = later


def _states(paths: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    found: dict[Path, tuple[int, int] | None] = {}
    for path in paths:
        try:
            state = path.stat()
            found[path] = (state.st_mtime_ns, state.st_size)
        except OSError:
            found[path] = None
    return found
