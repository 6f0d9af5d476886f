"""Do a batch again whenever something that it reads has changed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workbench.production.batch.planned import Batch

__all__ = ["changes"]

_LOOK = 1.0  # seconds between two looks at the files
_QUIET = 1  # looks in which nothing more changes: an editor may still be writing


def changes(
    prepared: Callable[[], Batch],
    paths: Iterable[Path],
    stop: threading.Event | None = None,
    *,
    every: float = _LOOK,
) -> Iterator[Batch | WorkbenchError]:
    """Yield a batch now, and again each time a file that it reads has changed.

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
        The error when the job file has mistakes at the moment: they may be mended.
    """
    stop = stop or threading.Event()
    fixed = list(paths)
    looked: list[Path] = []
    while not stop.is_set():
        before = _states([*fixed, *looked])
        try:
            batch = prepared()
        except WorkbenchError as error:
            yield error
        else:
            found = [Path(path) for path in batch.plan.inputs]
            looked = [*found, *batch.plan.notebooks]
            # What was not looked at before the batch was prepared is taken as it is now.
            before = _states([*fixed, *looked]) | before
            yield batch
        quiet = 0
        now = _states([*fixed, *looked])
        while not stop.is_set() and (now == before or quiet < _QUIET):
            stop.wait(every)
            again = _states([*fixed, *looked])
            quiet = quiet + 1 if again == now and again != before else 0
            now = again


def _states(paths: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    found: dict[Path, tuple[int, int] | None] = {}
    for path in paths:
        try:
            state = path.stat()
            found[path] = (state.st_mtime_ns, state.st_size)
        except OSError:
            found[path] = None
    return found
