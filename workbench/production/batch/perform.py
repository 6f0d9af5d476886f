"""Do one job: the same function in a thread here and on a machine of a cluster."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.production.batch.outcome import Outcome
from workbench.production.job import run
from workbench.production.made import Made, made_by

if TYPE_CHECKING:
    import threading

    from workbench.production.batch.task import Task
    from workbench.progress import Report

__all__ = ["complete", "perform"]


def perform(
    task: Task, *, progress: Report | None = None, cancel: threading.Event | None = None
) -> Outcome:
    """Do a job, unless its executed notebook says that it has been done and its files are whole.

    So whoever was killed after the last file and before anybody wrote down that it is there has
    not worked in vain, and nobody does it twice.

    Parameters
    ----------
    task
        The job.
    progress
        Called with the part that is done, 0 to 1.
    cancel
        Set it from another thread to stop.

    Returns
    -------
    Outcome

    Raises
    ------
    WorkbenchError
        As `workbench.production.job.run` does.
    """
    began = time.monotonic()
    executed = Path(task.executed)
    made = made_by(executed)
    if made is None or made.job != task.id or not complete(made, task):
        made = run(
            task.notebook,
            task.values,
            executed=executed,
            timeout=task.timeout,
            limit=task.limit,
            kernel=task.kernel,
            folder=task.folder,
            job=task.id,
            source=task.source,
            variables=task.variables,
            progress=progress or _silent,
            cancel=cancel,
        ).made
    return Outcome(
        files=tuple(map(str, [*made.files, executed])),
        output=task.output,
        executed=str(executed),
        warnings=made.warnings,
        seconds=time.monotonic() - began,
        cpu=made.cpu,
        media=_media(task.output),
        where=f"{platform.node()}:{os.getpid()}",
        states={str(path): list(state) for path, state in made.files.items()},
    )


def _silent(done: float) -> None:
    """Show no bar: there may be many jobs at once."""


def complete(made: Made, task: Task) -> bool:
    """Return whether what a job made is there as it was made, its main file with it."""
    output = Path(os.path.normpath(task.output)) if task.output else None
    there = output is None or any(output in {file, *file.parents} for file in made.files)
    return there and made.whole()


def _media(output: str) -> float | None:
    """Return how long the main file plays, None when it does not or cannot be read."""
    from workbench.media.probe import probe

    if not output or not Path(output).is_file():
        return None
    try:
        return probe(output).duration
    except WorkbenchError:  # it is no sound and no video, such as captions
        return None
