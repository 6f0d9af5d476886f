"""Whose files lie in a batch's folder: nobody's are written over by another job file or grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError
from workbench.production.made import made_by
from workbench.production.parameters.parameter import OUTPUT
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.ledger import BatchLedger
    from workbench.production.batch.plan import Plan
    from workbench.production.batch.task import Task

__all__ = ["check_owner", "own"]

_FILE = ".jobs"
"""In a folder that is named after a job file: the path of that file."""

_MANY = 1_000_000  # jobs, all there are


def check_owner(plan: Plan, ledger: BatchLedger) -> tuple[str, ...]:
    """Refuse to write over what another job file, or another grid, has made in the folder.

    Returns
    -------
    tuple of str
        What is elsewhere, was made for another one, and will be written over: a row names its
        place, so that is meant, and should be told.

    Raises
    ------
    ParameterError
        When the folder is named after another job file that is still there, such as jobs.yaml's for
        jobs.csv; or when a file would be written over that was made for another one, or with
        other parameters by a grid that had no names for its points.
    """
    other = _owner(plan.folder) if plan.source and not plan.named else None
    if other is not None and _another(other, plan):
        raise ParameterError(
            f"would leave its files in {_short(plan.folder)}, where those of {_short(other)} are",
            subject=_short(Path(plan.source)),
            cure="rename it, or name another folder (--folder)",
        )
    found = []
    for task, told in _replaced(plan, ledger):
        if Path(task.executed).is_relative_to(plan.folder):
            raise ParameterError(
                f"would write over {task.name}, which was {told}",
                subject=_short(plan.folder),
                cure="name another folder (--folder), or take away what is there",
            )
        found.append(f"{_short(Path(task.output or task.executed))}, {told}")
    return tuple(found)


def _replaced(plan: Plan, ledger: BatchLedger) -> Iterator[tuple[Task, str]]:
    """Yield the tasks in whose place another batch's files are, and how those were made."""
    if not plan.source and not plan.alone:  # rows of a program, which knows what it does
        return
    ids = {task.id for task in plan.tasks}
    done = {job.id: job for job in ledger.jobs(states=["done"], limit=_MANY)}
    for task in plan.tasks:
        if task.id in done and done[task.id].parameters.get("executed") == task.executed:
            continue
        made = made_by(Path(task.executed))
        if made is None or not made.job or made.job in ids:
            continue
        earlier = done[made.job].parameters if made.job in done else {}
        maker = Path(str(earlier.get("source") or made.source))
        if _another(maker, plan):
            yield task, f"made for {_short(maker)}"
        elif plan.alone and earlier and _values(earlier) != _values(task.to_dict()):
            yield task, "made with other parameters"


def _values(task: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.get("values", {}).items() if name != OUTPUT}


def own(plan: Plan) -> None:
    """Write down whose files will lie in the folder, which is made.

    Raises
    ------
    StorageError
        When it cannot be written.
    """
    if plan.source and not plan.named and _owner(plan.folder) != Path(plan.source):
        try:
            plan.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(plan.folder / _FILE, plan.source.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise storage_error(error, plan.folder) from error


def _owner(folder: Path) -> Path | None:
    try:
        return Path((folder / _FILE).read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):  # nobody's yet
        return None


def _another(file: Path, plan: Plan) -> bool:
    """Whether it is a job file that is there, and not the plan's."""
    try:
        return file.is_file() and not (plan.source and file.samefile(plan.source))
    except OSError:
        return False


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
