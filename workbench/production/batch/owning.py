"""Whose files lie in a batch's folder: nobody's are written over by another job file or grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import ParameterError
from workbench.production.parameters.parameter import OUTPUT
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workbench.ledger import BatchLedger
    from workbench.production.batch.plan import Plan
    from workbench.production.batch.task import Task
    from workbench.production.made import Made

__all__ = ["check_owner", "own"]

_FILE = ".jobs"
"""In a folder that is named after a job file: the path of that file."""

_MANY = 1_000_000  # jobs, all there are


def check_owner(
    plan: Plan, ledger: BatchLedger, look: Callable[[Path], Made | None]
) -> tuple[str, ...]:
    """Refuse to write over what another job file, or another grid, has made in the folder.

    Parameters
    ----------
    plan, ledger
        The jobs, and what is known of them.
    look
        Returns what an executed notebook says, see `workbench.production.made.made_by`.

    Returns
    -------
    tuple of str
        What else will be written over and was not made for this: a row names its place, so that is
        meant, and should be told.

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
    clashes: list[tuple[Task, str]] = []
    found: list[tuple[Task, str]] = []
    for task, told, refused in _replaced(plan, ledger, look):
        inside = refused and Path(task.executed).is_relative_to(plan.folder)
        (clashes if inside else found).append((task, told))
    if clashes:
        task, told = clashes[0]
        what = _short(Path(task.output or task.executed))
        row = "" if plan.alone else f" (row {task.row})"
        more = f", and {len(clashes) - 1} more" if len(clashes) > 1 else ""
        raise ParameterError(
            f"would write over {what}{row}, which was {told}{more}",
            subject=_short(plan.folder),
            cure=f"name another folder (--folder), or remove {Path(what).with_suffix('.*')}",
        )
    return tuple(f"{_short(Path(task.output or task.executed))}, {told}" for task, told in found)


def _replaced(
    plan: Plan, ledger: BatchLedger, look: Callable[[Path], Made | None]
) -> Iterator[tuple[Task, str, bool]]:
    """Yield the tasks in whose place other files are, how those were made, and whether it matters.

    It does where another job file, or another grid, counts on them.
    """
    if not plan.source and not plan.alone:  # rows of a program, which knows what it does
        return
    ids = {task.id for task in plan.tasks}
    jobs = {job.id: job.parameters for job in ledger.jobs(limit=_MANY)}
    tried = {values.get("executed") for values in jobs.values()}
    for task in plan.tasks:
        made = look(Path(task.executed))
        if made is None:
            if task.executed not in tried and task.output and Path(task.output).exists():
                yield task, "made by no batch", False
            continue
        if made.job in ids:
            continue
        earlier = jobs.get(made.job, {})
        maker = Path(str(earlier.get("source") or made.source))
        if _another(maker, plan):
            yield task, f"made for {_short(maker)}", True
        elif plan.alone and earlier and _values(earlier) != _values(task.to_dict()):
            yield task, "made with other parameters", True
        elif not made.source and task.executed not in tried:
            yield task, "made by another run", False


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
